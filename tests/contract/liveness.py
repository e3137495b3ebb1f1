"""What every adapter of ports.Liveness must do, on whatever clusters there are behind it.

A test module derives from LivenessContract and gives it a fixture ``world``: a LivenessWorld, all well, for each test.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import pytest

from hostha.core.observation import Member, Reading, Sighting
from hostha.ports import Clock, Liveness


class LivenessWorld(Protocol):
    """Clusters, and hands on what they stand on. liveness: not started. hosts: two at least, no Consul servers, alive on all networks."""

    liveness: Liveness
    clock: Clock
    hosts: Sequence[str]

    def fail(self, host: str, network: str) -> None:
        """The host's agent on this network dies without a word."""

    def recover(self, host: str, network: str) -> None:
        """It is back."""

    def leave(self, host: str, network: str) -> None:
        """The host's agent leaves the cluster gracefully."""

    def lose_leader(self, network: str) -> None:
        """The cluster can elect no leader any more."""

    def regain_leader(self, network: str) -> None:
        """It can again."""

    def until(self, condition: Callable[[], bool]) -> None:
        """Let the world go on until the condition holds. AssertionError if it does not within the time that it may take."""


def read(world: LivenessWorld) -> dict[str, Reading]:
    """A fresh look: network -> reading."""
    return {reading.network: reading for reading in world.liveness.read(0)}


def sighting(world: LivenessWorld, network: str, host: str) -> Sighting | None:
    """What a fresh look at a network shows of a host; None if it cannot be read, or does not show it."""
    return read(world)[network].sightings.get(host)


def is_failed(world: LivenessWorld, network: str, host: str) -> bool:
    """Whether the network's cluster calls the host failed."""
    seen = sighting(world, network, host)
    return seen is not None and seen.passing is False and seen.member is Member.FAILED


def is_alive(world: LivenessWorld, network: str, host: str) -> bool:
    """Whether the network's cluster calls the host alive."""
    seen = sighting(world, network, host)
    return seen is not None and seen.passing is True and seen.member is Member.ALIVE


class LivenessContract:
    """ports.Liveness."""

    def test_all_is_well(self, world: LivenessWorld) -> None:
        readings = world.liveness.read(0)
        assert [reading.network for reading in readings] == list(world.liveness.networks)
        for reading in readings:
            assert reading.readable, reading.reason
            assert all(is_alive(world, reading.network, host) for host in world.hosts)
            assert not any(reading.sightings[host].server for host in world.hosts)

    def test_a_failed_host_is_failed_on_that_network_only_and_no_other_host_is(self, world: LivenessWorld) -> None:
        first, second = world.liveness.networks[:2]
        host, other = world.hosts[:2]
        world.fail(host, first)
        world.until(lambda: is_failed(world, first, host))
        assert is_alive(world, second, host)
        assert is_alive(world, first, other)

    def test_a_host_that_is_back_is_alive(self, world: LivenessWorld) -> None:
        network, host = world.liveness.networks[0], world.hosts[0]
        world.fail(host, network)
        world.until(lambda: is_failed(world, network, host))
        world.recover(host, network)
        world.until(lambda: is_alive(world, network, host))

    def test_a_graceful_leave_is_no_failure(self, world: LivenessWorld) -> None:
        network, host = world.liveness.networks[0], world.hosts[0]
        world.leave(host, network)
        world.until(lambda: sighting(world, network, host) == Sighting(Member.LEFT, None))

    def test_a_cluster_without_leader_cannot_be_read_and_the_others_can(self, world: LivenessWorld) -> None:
        lost, *others = world.liveness.networks
        world.lose_leader(lost)
        world.until(lambda: not read(world)[lost].readable)
        readings = read(world)
        assert readings[lost].reason
        assert not readings[lost].sightings
        assert all(readings[network].readable for network in others)
        world.regain_leader(lost)
        world.until(lambda: read(world)[lost].readable)

    def test_a_failure_wakes_the_watcher(self, world: LivenessWorld) -> None:
        self._wakes(world, lambda: world.fail(world.hosts[0], world.liveness.networks[-1]))

    def test_a_leave_wakes_the_watcher(self, world: LivenessWorld) -> None:
        self._wakes(world, lambda: world.leave(world.hosts[0], world.liveness.networks[-1]))

    def _wakes(self, world: LivenessWorld, change: Callable[[], None]) -> None:
        network = world.liveness.networks[-1]
        alive_when_woken: list[bool] = []
        world.liveness.start(lambda: alive_when_woken.append(is_alive(world, network, world.hosts[0])))
        try:
            change()
            world.until(lambda: False in alive_when_woken)
        finally:
            world.liveness.stop()

    def test_a_reading_is_no_older_than_asked_for(self, world: LivenessWorld) -> None:
        for max_age in (0.0, 0.5, 60.0):
            before = world.clock.monotonic()
            readings = world.liveness.read(max_age)
            assert all(before - max_age <= reading.at <= world.clock.monotonic() for reading in readings)

    def test_several_callers_at_once_get_whole_readings(self, world: LivenessWorld) -> None:
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: world.liveness.read(0), range(16)))
        for readings in answers:
            assert [reading.network for reading in readings] == list(world.liveness.networks)
            assert all(set(world.hosts) <= set(reading.sightings) for reading in readings)

    @pytest.mark.parametrize('started', [True, False])
    def test_stop_is_harmless(self, world: LivenessWorld, started: bool) -> None:
        if started:
            world.liveness.start(lambda: None)
        world.liveness.stop()
        assert all(reading.readable for reading in world.liveness.read(0))
