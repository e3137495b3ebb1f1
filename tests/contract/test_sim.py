"""The simulated adapters keep the contracts that the real ones keep."""

import threading
from collections.abc import Callable, Collection

import pytest

from hostha.sim.clock import VirtualClock
from hostha.sim.consul import Health
from hostha.sim.nova_ports import SimCompute, SimServers
from hostha.sim.ports import SimLiveness
from hostha.sim.world import World
from tests.contract.liveness import LivenessContract
from tests.contract.nova import ComputeContract, ServersContract

AT_MOST = 600
"""Virtual seconds that a condition may take."""


class SimulatedWorld:
    """tests.contract.nova.NovaWorld and tests.contract.liveness.LivenessWorld.

    The contracts do what hostha must never do, such as to mark a living host down: nothing is held against them before a call.
    """

    def __init__(self) -> None:
        self._world = World()
        self.hosts = ('compute-1', 'compute-2', 'compute-3')
        for host in self.hosts:
            self._world.add_host(host)
        self._world.checker.before = self._world.checker.before_server = lambda *_: None
        self.clock = VirtualClock(self._world)
        self.compute, self.servers = SimCompute(self._world, self.clock), SimServers(self._world, self.clock)
        self.liveness = SimLiveness(self._world, self.clock)
        self._booted = 0

    def until(self, condition: Callable[[], bool]) -> None:
        for _ in range(AT_MOST):
            if condition():
                return
            self.clock.wait(threading.Event(), 1.0)
        raise AssertionError(f'not within {AT_MOST} virtual seconds')

    def boot(self, host: str) -> str:
        self._booted += 1
        return self._world.add_server(f'server-{self._booted}', host).id

    def lose(self, host: str) -> None:
        self._world.power_off(host)

    def revive(self, host: str) -> None:
        self._world.power_on(host)

    def disable(self, host: str, reason: str) -> None:
        self._world.nova.put_service(self._world.nova.service(host, 'disable'), enabled=False, reason=reason)

    def running(self, server: str) -> Collection[str]:
        return [name for name, host in self._world.hosts.items() if host.guests.get(server)]

    def fail(self, host: str, network: str) -> None:
        self._world.set_gossip(host, network, False)

    def recover(self, host: str, network: str) -> None:
        self._world.set_gossip(host, network, True)

    def leave(self, host: str, network: str) -> None:
        self._world.leave(host, network)

    def lose_leader(self, network: str) -> None:
        self._world.set_consul(network, Health.NO_LEADER)

    def regain_leader(self, network: str) -> None:
        self._world.set_consul(network, Health.OK)


@pytest.fixture
def world() -> SimulatedWorld:
    return SimulatedWorld()


class TestSimCompute(ComputeContract):
    """SimCompute."""


class TestSimServers(ServersContract):
    """SimServers."""


class TestSimLiveness(LivenessContract):
    """SimLiveness."""
