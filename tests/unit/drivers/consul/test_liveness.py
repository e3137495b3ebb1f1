import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from hostha.core.observation import Reading
from hostha.drivers.clock import SystemClock
from hostha.drivers.consul import ConsulLiveness
from hostha.settings import ConsulSettings
from tests.beds.command import wait_until
from tests.contract.liveness import LivenessContract
from tests.unit.drivers.consul.conftest import HOSTS, FakePinger, populate
from tests.unit.drivers.consul.fake import ALIVE, FAILED, HANGS, LEFT, FakeCluster, settings

NETWORKS = ('management', 'tenant', 'storage')
HEALTH = '/v1/health/state/any'
TIMEOUT = 0.5


class FakeWorld:
    """A LivenessWorld of fake clusters."""

    hosts: Sequence[str] = HOSTS

    def __init__(self, clusters: dict[str, FakeCluster]) -> None:
        self.clusters, self.clock = clusters, SystemClock()
        self.liveness = ConsulLiveness(settings(clusters, TIMEOUT), self.clock, FakePinger())

    def fail(self, host: str, network: str) -> None:
        self.clusters[network].set(host, status=FAILED, passing=False)

    def recover(self, host: str, network: str) -> None:
        self.clusters[network].set(host, status=ALIVE, passing=True)

    def leave(self, host: str, network: str) -> None:
        self.clusters[network].set(host, status=LEFT, passing=None)

    def lose_leader(self, network: str) -> None:
        self.clusters[network].leader = False

    def regain_leader(self, network: str) -> None:
        self.clusters[network].leader = True

    def until(self, condition: Callable[[], bool]) -> None:
        wait_until(condition, 'the world gets there', timeout=10)


@pytest.fixture
def world() -> Iterator[FakeWorld]:
    with FakeCluster() as management, FakeCluster() as tenant, FakeCluster() as storage:
        clusters = {network: populate(cluster) for network, cluster in zip(NETWORKS, (management, tenant, storage), strict=True)}
        yield FakeWorld(clusters)


class TestContract(LivenessContract):
    pass


def timed_read(world: FakeWorld) -> tuple[dict[str, Reading], float]:
    began = time.monotonic()
    readings = {reading.network: reading for reading in world.liveness.read(0)}
    return readings, time.monotonic() - began


def test_two_networks() -> None:
    with FakeCluster() as management, FakeCluster() as tenant:
        liveness = ConsulLiveness(settings({'management': management, 'tenant': tenant}), SystemClock(), FakePinger())
        assert [reading.network for reading in liveness.read(0)] == ['management', 'tenant']


def test_a_network_whose_servers_all_hang_delays_the_others_by_little_and_once(world: FakeWorld) -> None:
    world.clusters['tenant'].fail(HANGS)
    readings, seconds = timed_read(world)
    assert [readings[network].readable for network in NETWORKS] == [True, False, True]
    assert seconds < 3 * TIMEOUT + 0.5
    for _ in range(3):
        readings, seconds = timed_read(world)
        assert [readings[network].readable for network in NETWORKS] == [True, False, True]
        assert seconds < 1.0


def test_it_is_read_again_when_it_answers_again(world: FakeWorld) -> None:
    world.clusters['tenant'].fail(HANGS)
    timed_read(world)
    world.clusters['tenant'].fail('')
    world.until(lambda: timed_read(world)[0]['tenant'].readable)


def test_a_server_that_hangs_costs_its_network_one_time_limit_once(world: FakeWorld) -> None:
    world.clusters['tenant'].servers[0].fault = HANGS
    readings, seconds = timed_read(world)
    assert all(reading.readable for reading in readings.values())
    assert TIMEOUT < seconds < 2 * TIMEOUT + 0.5
    readings, seconds = timed_read(world)
    assert all(reading.readable for reading in readings.values())
    assert seconds < TIMEOUT


def test_networks_are_read_at_the_same_time(world: FakeWorld) -> None:
    for cluster in world.clusters.values():
        for server in cluster.servers:
            server.delay, server.faulty_path = 0.1, ''
    readings, seconds = timed_read(world)
    assert all(reading.readable for reading in readings.values())
    assert seconds < 0.8, 'three requests of 0.1 s each, on three networks'


def test_callers_at_once_share_one_look(world: FakeWorld) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: world.liveness.read(5), range(32)))
    assert [cluster.count(HEALTH) for cluster in world.clusters.values()] == [1, 1, 1]


def test_the_networks_do_not_share_a_server(world: FakeWorld) -> None:
    world.fail(HOSTS[0], 'storage')
    readings = world.liveness.read(0)
    assert [reading.sightings[HOSTS[0]].passing for reading in readings] == [True, True, False]


def test_stop_ends_within_one_time_limit_and_wakes_nobody_any_more(world: FakeWorld) -> None:
    calls: list[float] = []
    world.liveness.start(lambda: calls.append(time.monotonic()))
    world.until(lambda: len(calls) >= 3)
    began = time.monotonic()
    world.liveness.stop()
    assert time.monotonic() - began < TIMEOUT + 0.5
    before = len(calls)
    world.fail(HOSTS[0], 'storage')
    world.clusters['storage'].closing.wait(0.5)
    assert len(calls) == before


def test_nothing_listens_there() -> None:
    liveness = ConsulLiveness(ConsulSettings({'management': (('127.0.0.1', 9),)}, 0.5), SystemClock(), FakePinger())
    reading, = liveness.read(0)
    assert 'cannot connect' in reading.reason
