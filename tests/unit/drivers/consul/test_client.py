import socket
import time
from collections.abc import Iterator

import pytest

from hostha.drivers.consul.client import CONNECT_TIMEOUT, Server
from hostha.exceptions import OutcomeUnknown, Refused, Unavailable
from tests.unit.drivers.consul.fake import HANGS, FakeCluster

HEALTH = '/v1/health/state/any'


def server(cluster: FakeCluster, timeout: float = 0.5, token: str = '') -> Server:
    return Server(*cluster.addresses[0], timeout=timeout, token=token)


@pytest.fixture
def black_hole() -> Iterator[tuple[str, int]]:
    """An address to which no new connection comes about: the queue of its listener is full, the kernel drops what comes."""
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        listener.listen(0)
        with socket.create_connection(listener.getsockname()):
            yield listener.getsockname()


class TestRead:
    def test_an_answer_with_its_index_and_leader(self, cluster: FakeCluster) -> None:
        answer = server(cluster).read(HEALTH, consistent=1)
        assert (answer.index, answer.known_leader) == (cluster.index, True)
        assert {check['Node'] for check in answer.body} == set(cluster.nodes)
        assert cluster.requests[0].parameters == {'consistent': '1'}

    def test_an_answer_without_an_index(self, cluster: FakeCluster) -> None:
        answer = server(cluster).read('/v1/agent/members')
        assert (answer.index, answer.known_leader) == (0, False)

    @pytest.mark.parametrize(('fault', 'words'), [
        ('no leader', '500 No cluster leader'), ('leader died', 'EOF'), ('other service', 'no JSON'), ('truncated', 'no JSON'),
        ('bad index', 'many')])
    def test_no_answer(self, cluster: FakeCluster, fault: str, words: str) -> None:
        cluster.fail(fault)
        with pytest.raises(Unavailable, match=words):
            server(cluster).read(HEALTH)

    @pytest.mark.parametrize(('fault', 'words'), [('unknown token', 'ACL not found'), ('weak token', 'Permission denied')])
    def test_refused(self, cluster: FakeCluster, fault: str, words: str) -> None:
        cluster.fail(fault)
        with pytest.raises(Refused, match=words):
            server(cluster).read(HEALTH)

    def test_a_server_that_hangs_costs_one_time_limit(self, cluster: FakeCluster) -> None:
        cluster.fail(HANGS)
        began = time.monotonic()
        with pytest.raises(Unavailable, match='no answer within the time limit'):
            server(cluster, timeout=0.3).read(HEALTH)
        assert 0.25 < time.monotonic() - began < 1.0

    def test_a_dead_server(self, cluster: FakeCluster) -> None:
        dead = server(cluster)
        dead.read(HEALTH)
        cluster.servers[0].close()
        with pytest.raises(Unavailable, match='connect'):
            dead.read(HEALTH)

    def test_a_black_hole_costs_one_connect_limit_even_when_the_answer_may_take_long(self, black_hole: tuple[str, int]) -> None:
        began = time.monotonic()
        with pytest.raises(Unavailable, match='no connection within the time limit'):
            Server(*black_hole, timeout=30).read(HEALTH, index=1, wait='10s')
        assert time.monotonic() - began < CONNECT_TIMEOUT + 1

    def test_a_blocking_query_may_take_its_wait_and_the_time_limit(self, cluster: FakeCluster) -> None:
        answer = server(cluster, timeout=0.3).read(HEALTH, index=cluster.index, wait='1s', stale=1)
        assert answer.index == cluster.index

    def test_the_error_names_the_server_and_the_call(self, cluster: FakeCluster) -> None:
        cluster.fail('no leader')
        with pytest.raises(Unavailable, match=f'consul read of {HEALTH} at 127.0.0.1:{cluster.addresses[0][1]}: 500'):
            server(cluster).read(HEALTH)


class TestToken:
    @pytest.mark.parametrize('path', [HEALTH, '/v1/agent/members', '/v1/operator/autopilot/configuration'])
    def test_every_read_bears_it_in_the_header(self, cluster: FakeCluster, path: str) -> None:
        server(cluster, token='s3cret').read(path)
        assert cluster.requests[0].token == 's3cret'
        assert 's3cret' not in str(cluster.requests[0].parameters)

    def test_an_event_bears_it(self, cluster: FakeCluster) -> None:
        server(cluster, token='s3cret').fire('fence', 'x', '^a$')
        assert cluster.events[0].token == 's3cret'

    @pytest.mark.parametrize('token', ['', 's3cret'])
    def test_the_environment_changes_nothing(self, cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch, token: str) -> None:
        for name, value in {'CONSUL_HTTP_TOKEN': 'other', 'CONSUL_HTTP_ADDR': '192.0.2.1:1', 'CONSUL_HTTP_SSL': 'true',
                            'http_proxy': 'http://192.0.2.1:1', 'ALL_PROXY': 'http://192.0.2.1:1'}.items():
            monkeypatch.setenv(name, value)
        server(cluster, token=token).read(HEALTH)
        assert cluster.requests[0].token == (token or None)


class TestFire:
    def test_it_is_fired_as_given(self, cluster: FakeCluster) -> None:
        server(cluster).fire('fence', 'fence@ctl1@17', r'^compute\-1$')
        event, = cluster.events
        assert (event.method, event.path, event.parameters, event.body) == (
            'PUT', '/v1/event/fire/fence', {'node': r'^compute\-1$'}, 'fence@ctl1@17')

    @pytest.mark.parametrize('fault', ['weak token', 'not there'])
    def test_refused(self, cluster: FakeCluster, fault: str) -> None:
        cluster.fail(fault)
        with pytest.raises(Refused):
            server(cluster).fire('fence', 'x', '^a$')

    @pytest.mark.parametrize('fault', [HANGS, 'no leader', 'other service'])
    def test_sent_and_not_confirmed(self, cluster: FakeCluster, fault: str) -> None:
        cluster.fail(fault)
        with pytest.raises(OutcomeUnknown):
            server(cluster).fire('fence', 'x', '^a$')

    def test_certainly_not_sent_to_a_dead_server(self, cluster: FakeCluster) -> None:
        cluster.servers[0].close()
        with pytest.raises(Unavailable, match='cannot connect'):
            server(cluster).fire('fence', 'x', '^a$')

    def test_certainly_not_sent_into_a_black_hole(self, black_hole: tuple[str, int]) -> None:
        with pytest.raises(Unavailable, match='no connection'):
            Server(*black_hole, timeout=0.3).fire('fence', 'x', '^a$')
