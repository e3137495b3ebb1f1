"""Nova's compute services, where the contract does not look."""

import pytest

from hostha.drivers.nova import NovaCompute
from hostha.exceptions import Refused, Unavailable
from tests.unit.drivers.nova.fake import FakeCloud, says

REASON = 'hostha: incident 7'


def test_marking_down_is_one_write(cloud: FakeCloud, compute: NovaCompute) -> None:
    compute.mark_down('compute-1', REASON)
    compute.mark_down('compute-1', REASON)
    sent, = cloud.sent('PUT')
    assert sent.path.endswith('/os-services/service-of-compute-1')
    assert sent.body == {'forced_down': True, 'status': 'disabled', 'disabled_reason': REASON}


@pytest.mark.parametrize('reason', ['new memory on Monday', None])
def test_marking_down_what_somebody_else_disabled_only_forces(cloud: FakeCloud, compute: NovaCompute, reason: str | None) -> None:
    cloud.state.services['compute-1'] |= {'status': 'disabled', 'disabled_reason': reason}
    compute.mark_down('compute-1', REASON)
    assert [sent.body for sent in cloud.sent('PUT')] == [{'forced_down': True}]


def test_a_long_reason_is_cut_to_what_nova_takes(cloud: FakeCloud, compute: NovaCompute) -> None:
    for _ in range(2):
        compute.stop_scheduling('compute-1', REASON + 'x' * 300)
    sent, = cloud.sent('PUT')
    assert len(sent.body['disabled_reason']) == 255


def test_unforce_passes_on_why_nova_refuses(cloud: FakeCloud, compute: NovaCompute) -> None:
    cloud.state.services['compute-1']['forced_down'] = True
    cloud.state.add_record('server', 'compute-1', 'done')
    with pytest.raises(Refused, match='`done` evacuation migration records'):
        compute.unforce('compute-1')


def test_only_a_nova_compute_of_exactly_this_host_is_written_to(cloud: FakeCloud, compute: NovaCompute) -> None:
    rows = cloud.state.list_services({})[1]['services']
    conductor = rows[0] | {'host': 'controller', 'binary': 'nova-conductor'}
    cloud.fail('GET', '/os-services', says(200, {'services': [conductor, *rows]}))  # whatever was asked for
    with pytest.raises(Refused, match='knows no nova-compute'):
        compute.mark_down('controller', REASON)
    assert not cloud.sent('PUT')
    compute.mark_down('compute-2', REASON)
    assert [sent.path for sent in cloud.sent('PUT')] == ['/compute/v2.1/os-services/service-of-compute-2']
    assert [service.host for service in compute.services()] == ['compute-1', 'compute-2', 'compute-3']


def test_a_service_whose_cell_does_not_answer_is_shown_and_not_written_to(cloud: FakeCloud, compute: NovaCompute) -> None:
    cloud.state.services['compute-1'] = {'binary': 'nova-compute', 'host': 'compute-1', 'status': 'UNKNOWN'}
    shown = compute.services()[0]
    assert (shown.host, shown.up, shown.enabled, shown.disabled_by_us) == ('compute-1', False, False, False)
    with pytest.raises(Unavailable, match='cell'):
        compute.mark_down('compute-1', REASON)
    assert not cloud.sent('PUT')
