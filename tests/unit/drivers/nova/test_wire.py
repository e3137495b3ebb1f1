"""What becomes of every way in which an answer of Nova or Keystone can fail to come, and that nothing is ever sent twice."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from hostha.drivers.nova import NovaCompute, NovaServers, connect
from hostha.drivers.nova.wire import MICROVERSION, STARTS
from hostha.exceptions import DriverError, OutcomeUnknown, Refused, Unavailable
from tests.unit.drivers.nova.fake import (
    PAGE,
    PASSWORD,
    FakeCloud,
    carries_out_and_drops,
    cuts,
    drops,
    hangs,
    properly,
    redirects,
    says,
)
from tests.unit.drivers.nova.state import fault

IN_DOUBT = {
    'hangs': hangs, 'drops': drops, 'is done and drops': carries_out_and_drops, 'is cut': cuts, 'a page': says(200, PAGE),
    "a proxy's 404": says(404, PAGE), 'the 404 of another service': says(404, {'error': {'code': 404, 'message': 'Not Found'}}),
    '408': says(408, PAGE), '500': says(*fault(500, 'Unexpected API Error')), '502': says(502, PAGE), '503': says(503, PAGE),
    '504': says(504, PAGE), 'a redirect': redirects}
NOT_TAKEN = {'413': says(*fault(413, 'too many'), Retry_After='7'), '429': says(*fault(429, 'too many'), Retry_After='7'),
             "a proxy's 429": says(429, PAGE)}
NO = {'400': says(*fault(400, 'no')), '403': says(*fault(403, 'no')), '404': says(*fault(404, 'no')), '409': says(*fault(409, 'no')),
      "a proxy's 403": says(403, PAGE)}


def lost_server(cloud: FakeCloud) -> str:
    """A server on a host that is dead and marked down."""
    server = cloud.state.add_server('compute-1')
    cloud.state.alive.discard('compute-1')
    return server


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize('way', IN_DOUBT)
def test_an_evacuate_that_is_not_clearly_answered_is_in_doubt_and_sent_once(cloud: FakeCloud, servers: NovaServers, way: str) -> None:
    server = lost_server(cloud)
    cloud.fail('POST', '/action', IN_DOUBT[way])
    with pytest.raises(OutcomeUnknown):
        servers.evacuate(server)
    assert len(cloud.sent('POST')) == 1


@pytest.mark.parametrize('way', NOT_TAKEN)
def test_too_many_requests_were_not_taken(cloud: FakeCloud, servers: NovaServers, way: str) -> None:
    server = lost_server(cloud)
    cloud.fail('POST', '/action', NOT_TAKEN[way])
    with pytest.raises(Unavailable):
        servers.evacuate(server)
    assert len(cloud.sent('POST')) == 1


@pytest.mark.parametrize('way', NO)
def test_a_clear_no_is_a_refusal(cloud: FakeCloud, servers: NovaServers, way: str) -> None:
    server = lost_server(cloud)
    cloud.fail('POST', '/action', NO[way])
    with pytest.raises(Refused):
        servers.evacuate(server)
    assert len(cloud.sent('POST')) == 1


def test_an_accepted_evacuate_is_sent_once_without_a_target(cloud: FakeCloud, servers: NovaServers) -> None:
    server = lost_server(cloud)
    servers.evacuate(server)
    sent, = cloud.sent('POST')
    assert sent.path.endswith(f'/servers/{server}/action')
    assert sent.body == {'evacuate': {}}
    assert sent.version == f'compute {MICROVERSION}' == 'compute 2.94'


def test_an_expired_token_is_renewed_and_the_order_that_nova_did_not_take_is_sent_with_the_new_one(
        cloud: FakeCloud, servers: NovaServers) -> None:
    server = lost_server(cloud)
    cloud.fail('POST', '/action', says(401, {'error': {'code': 401}}), times=1)
    servers.evacuate(server)
    assert (cloud.tokens, len(cloud.state.records)) == (2, 1)


def test_a_nova_that_takes_no_token_refuses(cloud: FakeCloud, servers: NovaServers) -> None:
    cloud.fail('POST', '/action', says(401, {'error': {'code': 401}}))
    with pytest.raises(Refused, match='check the user, the password'):
        servers.evacuate(lost_server(cloud))
    assert not cloud.state.records


def test_nothing_was_sent_if_there_is_no_connection(cloud: FakeCloud, servers: NovaServers) -> None:
    cloud.nova_url = f'http://127.0.0.1:{closed_port()}/v2.1'
    with pytest.raises(Unavailable):
        servers.evacuate('server')


@pytest.mark.parametrize('way', [hangs, drops, cuts, says(200, PAGE), says(201, {}), says(201, {'token': {}}), says(201, None),
                                 says(500, {'error': {'code': 500, 'message': 'x'}}), says(503, PAGE)])
def test_without_a_token_nothing_was_sent(cloud: FakeCloud, servers: NovaServers, way) -> None:
    cloud.fail('POST', '/auth/tokens', way)
    with pytest.raises(Unavailable) as raised:
        servers.evacuate('server')
    assert not cloud.requests
    assert PASSWORD not in str(raised.value)


@pytest.mark.parametrize('way', [hangs, drops, says(503, PAGE), says(200, PAGE), says(404, PAGE)])
def test_without_the_versions_of_keystone_nothing_was_sent(cloud: FakeCloud, servers: NovaServers, way) -> None:
    cloud.fail('GET', '/identity', way)
    with pytest.raises(Unavailable):
        servers.evacuate('server')
    assert not cloud.requests


def test_an_order_that_keystone_held_up_for_too_long_is_not_sent(cloud: FakeCloud, servers: NovaServers) -> None:
    def slowly(handler, proper) -> None:
        cloud.over.wait(0.35)
        properly(handler, proper)

    server = lost_server(cloud)
    cloud.fail('GET', '/identity', slowly)
    cloud.fail('POST', '/auth/tokens', slowly)
    with pytest.raises(Unavailable, match='nothing was sent'):
        servers.evacuate(server)
    assert not cloud.state.records
    servers.evacuate(server)
    assert len(cloud.state.records) == 1


def test_a_wrong_password_is_a_refusal(cloud: FakeCloud, servers: NovaServers) -> None:
    cloud.fail('POST', '/auth/tokens', says(401, {'error': {'code': 401, 'message': 'The request you have made requires authentication.'}}))
    with pytest.raises(Refused, match='check the user, the password') as raised:
        servers.evacuate('server')
    assert PASSWORD not in str(raised.value)


def test_a_catalog_without_nova_means_that_nothing_was_sent(cloud: FakeCloud, ports: tuple[NovaCompute, NovaServers]) -> None:
    cloud.nova_url = None
    with pytest.raises(Unavailable, match='public endpoint for compute service not found'):
        ports[1].evacuate('server')
    with pytest.raises(Unavailable):
        ports[0].services()


@pytest.mark.parametrize('way', [*IN_DOUBT.keys() - {'is done and drops', 'a redirect'}, '200 {}', '200 []', 'odd rows'])
def test_a_read_without_a_proper_answer_is_unavailable(cloud: FakeCloud, ports: tuple[NovaCompute, NovaServers], way: str) -> None:
    odd = {'200 {}': says(200, {}), '200 []': says(200, []), 'odd rows': says(200, {'services': [1], 'servers': [{}], 'migrations': [{}]})}
    cloud.fail('GET', '/compute', (IN_DOUBT | odd)[way])
    for read in (ports[0].services, lambda: ports[1].on_host('compute-1'), lambda: ports[1].look(['x'], 'compute-1'),
                 lambda: ports[1].evacuations('compute-1')):
        with pytest.raises(Unavailable):
            read()


def test_a_read_whose_connection_is_dropped_is_sent_once_more(cloud: FakeCloud, compute: NovaCompute) -> None:
    cloud.fail('GET', '/os-services', drops, times=1)
    assert len(compute.services()) == 3
    assert len(cloud.sent('GET', '/os-services')) == 2


@pytest.mark.parametrize('order', ['mark_down', 'stop_scheduling', 'unforce', 'enable', 'reset', 'stop', 'delete'])
@pytest.mark.parametrize('way', ['drops', '503', 'a page'])
def test_nothing_that_changes_is_ever_sent_twice(cloud: FakeCloud, ports: tuple[NovaCompute, NovaServers], order: str, way: str) -> None:
    server = lost_server(cloud)
    cloud.state.services['compute-1'] |= {'unforce': {'forced_down': True}, 'enable': {'status': 'disabled', 'disabled_reason': 'hostha: 1'}
                                          }.get(order, {})
    for method in ('POST', 'PUT', 'DELETE'):
        cloud.fail(method, '/compute', IN_DOUBT[way])
    port, subject = (ports[1], server) if order in ('reset', 'stop', 'delete') else (ports[0], 'compute-1')
    with pytest.raises(OutcomeUnknown):
        getattr(port, order)(subject, *(['hostha: 1'] if order in ('mark_down', 'stop_scheduling') else []))
    assert len([request for request in cloud.requests if request.method != 'GET']) == 1


def test_a_message_names_driver_operation_host_and_what_was_tried(cloud: FakeCloud, compute: NovaCompute) -> None:
    cloud.fail('PUT', '/os-services', says(*fault(500, 'Unexpected API Error')))
    with pytest.raises(DriverError, match='nova mark_down host compute-1: PUT /os-services/service-of-compute-1: HTTP 500: Unexpected'):
        compute.mark_down('compute-1', 'hostha: 1')


def test_many_threads_share_one_token(cloud: FakeCloud) -> None:
    compute, servers = connect(cloud.settings())
    start = threading.Barrier(8)

    def both() -> int:
        start.wait(10)
        return len(compute.services()) + len(servers.on_host('compute-1'))

    with ThreadPoolExecutor(8) as pool:
        assert {each.result(20) for each in [pool.submit(both) for _ in range(8)]} == {3}
    assert cloud.tokens == 1


def test_connect_sends_nothing(cloud: FakeCloud) -> None:
    connect(cloud.settings())
    assert (cloud.tokens, cloud.requests) == (0, [])


def test_a_list_of_several_pages_is_read_to_its_end(cloud: FakeCloud, servers: NovaServers) -> None:
    expected = {cloud.state.add_server('compute-1') for _ in range(2500)}
    assert {server.id for server in servers.on_host('compute-1')} == expected
    assert len(cloud.sent('GET', '/servers/detail')) == 1 + 3


def test_records_are_read_to_the_end_of_all_pages_whatever_novas_own_limit(cloud: FakeCloud, servers: NovaServers) -> None:
    cloud.state.max_limit = 10
    for number in range(30):
        cloud.state.add_record(f'server-{number}', 'compute-1', 'completed')
    assert [record.id for record in servers.evacuations('compute-1')] == list(range(1, 31))
    assert len(cloud.sent('GET', '/os-migrations')) == 4


def test_a_marker_that_vanished_makes_the_list_begin_again(cloud: FakeCloud, servers: NovaServers) -> None:
    cloud.state.max_limit = 2
    doomed = [cloud.state.add_server('compute-1') for _ in range(5)][1]

    def vanishes(handler, proper) -> None:
        cloud.state.delete_server(doomed)
        properly(handler, proper)

    cloud.fail('GET', '/servers/detail', properly, times=2)
    cloud.fail('GET', '/servers/detail', vanishes, times=1)
    assert len(servers.on_host('compute-1')) == 4


def test_a_marker_that_always_vanishes_ends_in_unavailable(cloud: FakeCloud, servers: NovaServers) -> None:
    cloud.state.max_limit = 2
    for _ in range(5):
        cloud.state.add_record('server', 'compute-1')

    def gone(handler, proper) -> None:
        marked = 'marker=' in handler.path
        handler.reply(*(fault(400, 'marker [x] not found') if marked else proper()))

    cloud.fail('GET', '/os-migrations', gone)
    with pytest.raises(Unavailable):
        servers.evacuations('compute-1')
    assert len(cloud.sent('GET', '/os-migrations')) == 2 * STARTS
