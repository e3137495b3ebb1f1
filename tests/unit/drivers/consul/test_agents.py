import re
import time
from collections.abc import Iterator

import pytest

from hostha.drivers.consul import ConsulAgents
from hostha.exceptions import DriverError, OutcomeUnknown, Refused, Unavailable
from tests.unit.drivers.consul.fake import HANGS, FakeCluster, settings
from tests.unit.fakes import ManualClock

Clusters = dict[str, FakeCluster]


@pytest.fixture
def clusters() -> Iterator[Clusters]:
    with FakeCluster() as management, FakeCluster() as storage:
        yield {'management': management, 'storage': storage}


def agents(clusters: Clusters, **options: tuple[str, ...]) -> ConsulAgents:
    return ConsulAgents(settings(clusters, timeout=0.4), ManualClock(), 'ctl1', **options)


def test_an_order_goes_over_every_network(clusters: Clusters) -> None:
    assert agents(clusters).send('fence', 'compute-1', 7) == ('management', 'storage')
    for cluster in clusters.values():
        event, = cluster.events
        assert (event.path, event.body) == ('/v1/event/fire/fence', 'fence@ctl1@1700001000')


def test_every_command_goes_as_the_one_event_that_handlers_listen_to(clusters: Clusters) -> None:
    agents(clusters).send('enable-nova', 'compute-1', 7)
    event = clusters['storage'].events[0]
    assert (event.path, event.body) == ('/v1/event/fire/fence', 'enable-nova@ctl1@1700001000')


@pytest.mark.parametrize('host', ['compute-1', 'a.b', 'x+y'])
def test_the_filter_matches_this_host_and_no_other(clusters: Clusters, host: str) -> None:
    agents(clusters).send('fence', host, 7)
    pattern = clusters['storage'].events[0].parameters['node']
    assert re.search(pattern, host)
    assert not any(re.search(pattern, other) for other in (f'{host}0', f'x{host}', 'axb', 'xxy', 'compute-10'))


def test_an_old_handler_gets_its_bare_name(clusters: Clusters) -> None:
    agents(clusters, bare_names=('compute-1',)).send('fence', 'compute-1', 7)
    assert clusters['storage'].events[0].parameters['node'] == 'compute-1'


def test_one_network_is_enough(clusters: Clusters) -> None:
    clusters['management'].fail('weak token')
    assert agents(clusters).send('fence', 'compute-1', 7) == ('storage',)


def test_another_server_takes_it(clusters: Clusters) -> None:
    clusters['storage'].servers[0].close()
    assert agents(clusters).send('fence', 'compute-1', 7) == ('management', 'storage')


def test_a_network_that_hangs_delays_the_order_by_one_time_limit(clusters: Clusters) -> None:
    clusters['management'].fail(HANGS)
    began = time.monotonic()
    assert agents(clusters).send('fence', 'compute-1', 7) == ('storage',)
    assert time.monotonic() - began < 0.9


def dead(clusters: Clusters) -> None:
    for cluster in clusters.values():
        for server in cluster.servers:
            server.close()


def all_fail(fault: str, clusters: Clusters) -> None:
    for cluster in clusters.values():
        cluster.fail(fault)


@pytest.mark.parametrize(('fault', 'kind'), [('weak token', Refused), (HANGS, OutcomeUnknown), ('leader died', OutcomeUnknown)])
def test_no_network_takes_it(clusters: Clusters, fault: str, kind: type[DriverError]) -> None:
    all_fail(fault, clusters)
    with pytest.raises(DriverError, match='consul fence host compute-1') as raised:
        agents(clusters).send('fence', 'compute-1', 7)
    assert type(raised.value) is kind


def test_nothing_was_sent_to_dead_servers(clusters: Clusters) -> None:
    dead(clusters)
    with pytest.raises(Unavailable, match=r'management network.*storage network'):
        agents(clusters).send('fence', 'compute-1', 7)


def test_one_in_doubt_leaves_the_whole_in_doubt(clusters: Clusters) -> None:
    clusters['management'].fail('weak token')
    clusters['storage'].fail(HANGS)
    with pytest.raises(OutcomeUnknown):
        agents(clusters).send('fence', 'compute-1', 7)
