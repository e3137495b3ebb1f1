"""The Consul driver on real Consul clusters, seen from the observer's namespace."""

import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from itertools import product

import consul.std
import pytest

from hostha.core.model import Link, Observation
from hostha.core.observation import Memory, judge
from hostha.drivers.clock import SystemClock
from hostha.drivers.consul import ConsulAgents, ConsulLiveness, Fping
from hostha.settings import ConsulSettings
from tests.beds import netns
from tests.beds.command import wait_until
from tests.beds.consul import ConsulBed, requirements
from tests.beds.consul.layout import HTTP_PORT, NETWORKS
from tests.beds.fixtures import need
from tests.beds.requirements import missing
from tests.contract.liveness import LivenessContract, is_failed

HOST, OTHER = 'compute-1', 'compute-10'
TIMEOUT = 3.0
WELL = dict.fromkeys(NETWORKS, Link.UP)


@pytest.fixture(scope='module')
def shared_bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsulBed]:
    need(requirements() + missing(programs={'fping': 'fping'}))
    with ConsulBed(tmp_path_factory.mktemp('bed'), (HOST, OTHER), prefix=f'hl{os.getpid()}') as bed:
        yield bed


class BedWorld:
    """A LivenessWorld on the bed. memory: what core remembers of each network from one look() to the next."""

    hosts = (HOST, OTHER)

    def __init__(self, bed: ConsulBed) -> None:
        self.bed, self.clock = bed, SystemClock()
        self.settings = ConsulSettings({network: self._servers(network) for network in NETWORKS}, TIMEOUT)
        self.liveness = ConsulLiveness(self.settings, self.clock, Fping())
        self._memory = dict.fromkeys(NETWORKS, Memory())

    def _servers(self, network: str) -> tuple[tuple[str, int], ...]:
        """A follower first, so that the one that is asked first can fail without an election."""
        followers_first = sorted(self.bed.controllers, key=lambda host: host == self.bed.leader(network))
        return tuple((self.bed.address(host, network), HTTP_PORT) for host in followers_first)

    def first_server(self, network: str) -> str:
        """The controller that the driver asks first."""
        address = self.settings.servers[network][0][0]
        return next(host for host in self.bed.controllers if self.bed.address(host, network) == address)

    def fail(self, host: str, network: str) -> None:
        self.bed.kill_agent(host, network)

    def recover(self, host: str, network: str) -> None:
        self.bed.start_agent(host, network)

    def leave(self, host: str, network: str) -> None:
        self.bed.leave_agent(host, network)

    def lose_leader(self, network: str) -> None:
        self.bed.lose_quorum(network)

    def regain_leader(self, network: str) -> None:
        self.bed.restore_quorum(network)

    def until(self, condition: Callable[[], bool]) -> None:
        wait_until(condition, 'the world gets there', timeout=60)

    def look(self) -> dict[str, Observation]:
        """Network -> what core makes of HOST there now."""
        seen: dict[str, Observation] = {}
        for reading in self.liveness.read(0):
            observed, self._memory[reading.network] = judge(reading, self._memory[reading.network], [HOST])
            seen[reading.network] = observed[HOST]
        return seen

    def links(self) -> dict[str, Link]:
        """Network -> what is known of HOST there now."""
        return {network: observation.link for network, observation in self.look().items()}

    def heal(self) -> None:
        """Undo whatever a test has done."""
        for host, network in product((*self.bed.controllers, *self.bed.computes), NETWORKS):
            self.bed.set_link(host, network, up=True)
            self.bed.thaw_agent(host, network)
            self.bed.start_agent(host, network)


@pytest.fixture
def world(shared_bed: ConsulBed) -> Iterator[BedWorld]:
    all_pass = dict.fromkeys((*shared_bed.controllers, *shared_bed.computes), 'passing')
    for network in NETWORKS:
        shared_bed.wait_for_health(network, all_pass, timeout=90)
    with netns.entered(shared_bed.namespace('engine')):
        world = BedWorld(shared_bed)
        assert world.links() == WELL
        try:
            yield world
        finally:
            world.heal()


class TestContract(LivenessContract):
    pass


class TestLoss:
    def test_a_host_without_power_is_down_everywhere_and_the_watch_wakes_within_a_second_of_the_verdict(self, world: BedWorld) -> None:
        woken: dict[str, float] = {}
        verdicts: dict[str, float] = {}

        def on_change() -> None:
            now, readings = time.monotonic(), world.liveness.read(0)
            for reading in readings:
                if reading.readable and reading.sightings[HOST].passing is False:
                    woken.setdefault(reading.network, now)

        def all_gave_their_verdict() -> bool:
            for network in NETWORKS:
                if world.bed.health(network).get(HOST) == 'critical':
                    verdicts.setdefault(network, time.monotonic())
            return len(verdicts) == len(NETWORKS)

        world.liveness.start(on_change)
        try:
            off = time.monotonic()
            world.bed.poweroff(HOST)
            wait_until(all_gave_their_verdict, 'all networks call the host critical', timeout=20, interval=0.05)
            wait_until(lambda: len(woken) == len(NETWORKS), 'the watch wakes for each', timeout=5)
        finally:
            world.liveness.stop()
        delays = {network: woken[network] - verdicts[network] for network in NETWORKS}
        print(f'off to wake {max(woken.values()) - off:.1f} s, verdict to wake {delays}')
        assert max(delays.values()) < 1.0
        assert max(woken.values()) - off < 10.0
        assert world.links() == dict.fromkeys(NETWORKS, Link.DOWN)
        assert {observation.reason for observation in world.look().values()} == {'failed in Consul and silent to a ping'}

    def test_a_cut_of_storage_is_down_there_only(self, world: BedWorld) -> None:
        world.bed.set_link(HOST, 'storage', up=False)
        world.until(lambda: world.links() == WELL | {'storage': Link.DOWN})

    def test_a_host_whose_agent_alone_died_answers_a_ping_and_is_not_down(self, world: BedWorld) -> None:
        world.bed.kill_agent(HOST, 'tenant')
        world.until(lambda: is_failed(world, 'tenant', HOST))
        seen = world.look()['tenant']
        assert (seen.link, seen.reason) == (Link.UP, 'critical in Consul, but answers a ping')

    def test_a_graceful_leave_is_left(self, world: BedWorld) -> None:
        world.bed.leave_agent(HOST, 'management')
        world.until(lambda: world.links() == WELL | {'management': Link.LEFT})

    def test_a_network_without_quorum_is_unknown_and_the_others_are_not(self, world: BedWorld) -> None:
        world.bed.lose_quorum('storage')
        world.until(lambda: world.links() == WELL | {'storage': Link.UNKNOWN})
        world.bed.restore_quorum('storage')
        world.until(lambda: world.links() == WELL)

    def test_autopilots_setting_is_read(self, world: BedWorld) -> None:
        assert [reading.cleans_up for reading in world.liveness.read(0)] == [False, False, False]

    def test_servers_are_told_apart(self, world: BedWorld) -> None:
        for reading in world.liveness.read(0):
            assert {host for host, seen in reading.sightings.items() if seen.server} == set(world.bed.controllers)


class TestServers:
    def test_idle_clusters_cost_next_to_nothing(self, world: BedWorld, monkeypatch: pytest.MonkeyPatch) -> None:
        asked, get = [], consul.std.HTTPClient.get

        def counted(http: consul.std.HTTPClient, callback: Callable, path: str, *rest: object) -> object:
            asked.append(path)
            return get(http, callback, path, *rest)

        monkeypatch.setattr(consul.std.HTTPClient, 'get', counted)
        calls: list[float] = []
        world.liveness.start(lambda: calls.append(time.monotonic()))
        try:
            threading.Event().wait(20)
        finally:
            world.liveness.stop()
        print(f'{len(asked)} requests, woken {len(calls)} times in 20 s')
        assert 2 * len(NETWORKS) <= len(asked) <= 4 * len(NETWORKS)
        assert len(calls) == len(NETWORKS), 'only the first answer of each network wakes'

    def test_a_frozen_server_costs_one_time_limit_and_another_is_used(self, world: BedWorld) -> None:
        world.bed.freeze_agent(world.first_server('tenant'), 'tenant')
        began = time.monotonic()
        assert world.links() == WELL
        assert time.monotonic() - began < TIMEOUT + 1.0
        began = time.monotonic()
        assert world.links() == WELL
        assert time.monotonic() - began < 1.0

    def test_a_network_all_of_whose_servers_are_cut_off_does_not_delay_the_others_twice(self, world: BedWorld) -> None:
        for host in world.bed.controllers:
            world.bed.set_link(host, 'tenant', up=False)
        began = time.monotonic()
        assert world.links() == WELL | {'tenant': Link.UNKNOWN}
        assert time.monotonic() - began < TIMEOUT + 1.5
        began = time.monotonic()
        assert world.links() == WELL | {'tenant': Link.UNKNOWN}
        assert time.monotonic() - began < 1.0


def reached(world: BedWorld, sender: str, filters: set[str]) -> set[tuple[str, str]]:
    """(host, network) of all handlers that got an event of this sender with one of these filters."""
    return {(run.host, run.network) for run in world.bed.fired_events() for event in run.events
            if event.payload.split('@')[1] == sender and event.node_filter in filters}


class TestAgents:
    def test_an_order_reaches_exactly_one_host_on_every_network(self, world: BedWorld) -> None:
        agents = ConsulAgents(world.settings, SystemClock(), 'exact')
        for host in (HOST, OTHER):
            filters = {f'^{re.escape(host)}$'}
            assert agents.send('enable-nova', host, 1) == NETWORKS
            world.until(lambda: reached(world, 'exact', filters) >= set(product([host], NETWORKS)))  # noqa: B023 - called at once
        # The second order has arrived, so the first, sent before, would have reached the wrong host by now.
        assert reached(world, 'exact', {f'^{re.escape(HOST)}$'}) == set(product([HOST], NETWORKS))
        assert reached(world, 'exact', {f'^{re.escape(OTHER)}$'}) == set(product([OTHER], NETWORKS))

    def test_an_old_handler_gets_its_bare_name_as_the_filter(self, world: BedWorld) -> None:
        ConsulAgents(world.settings, SystemClock(), 'bare', bare_names=[HOST]).send('enable-nova', HOST, 1)
        world.until(lambda: reached(world, 'bare', {HOST}) >= set(product([HOST], NETWORKS)))

    def test_a_network_whose_servers_are_gone_is_left_out(self, world: BedWorld) -> None:
        for host in world.bed.controllers:
            world.bed.set_link(host, 'tenant', up=False)
        agents = ConsulAgents(world.settings, SystemClock(), 'partly')
        assert agents.send('enable-nova', HOST, 1) == ('management', 'storage')
