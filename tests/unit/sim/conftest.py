"""A small world and its ports, on virtual time, without any engine."""

import threading
from dataclasses import dataclass

import pytest

from hostha.core.model import LevelSpec
from hostha.ports import FenceOrder
from hostha.sim.clock import VirtualClock
from hostha.sim.nova_ports import SimCompute, SimServers
from hostha.sim.ports import SimAgents, SimFencer, SimLiveness
from hostha.sim.timing import Timing
from hostha.sim.world import World

QUICK = Timing(skew=(0.0, 0.0), schedule=(1.0, 1.0), rebuild=(5.0, 5.0), compute_start=(3.0, 3.0), boot=10.0)


@dataclass
class Bench:
    """The world with everything that a test does to it."""

    world: World
    clock: VirtualClock
    liveness: SimLiveness
    compute: SimCompute
    servers: SimServers
    agents: SimAgents
    fencer: SimFencer

    def pass_time(self, seconds: float) -> None:
        """Let the world go on."""
        self.clock.wait(threading.Event(), seconds)

    def lose(self, host: str) -> None:
        """The host is off, and Nova knows it."""
        self.world.power_off(host)
        self.compute.mark_down(host, 'hostha: test')

    def record(self, host: str, n: int = 0) -> str:
        """The status of the host's n-th evacuation record."""
        return self.servers.evacuations(host)[n].status

    def server(self, name: str):
        """A server as Nova shows it."""
        return self.servers.look([name], '')[name]


def order(host: str, level: str = 'ipmi') -> FenceOrder:
    return FenceOrder(host, 1, f'{host}.1', LevelSpec(level))


@pytest.fixture
def bench() -> Bench:
    world = World(timing=QUICK)
    for n in (1, 2, 3):
        world.add_host(f'c{n}')
    clock = VirtualClock(world)
    return Bench(world, clock, SimLiveness(world, clock), SimCompute(world, clock), SimServers(world, clock), SimAgents(world, clock),
                 SimFencer(world, clock))
