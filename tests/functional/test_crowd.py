"""A hundred hosts suspect at once, on SQLite, with the production's threads: all are decided within one interval of the ideal."""

import resource
import threading
import time
from pathlib import Path

import pytest

from hostha.cmd.simulated import simulated_ports, simulated_settings
from hostha.core.brakes import Limits
from hostha.core.model import HostSpec, LevelSpec
from hostha.core.states import State
from hostha.db import open_database
from hostha.drivers.clock import SystemClock
from hostha.drivers.notify import LogNotifier
from hostha.engine.service import Engine
from hostha.settings import DatabaseSettings, EngineSettings, Judgement, Recovery
from hostha.sim.timing import Timing
from hostha.sim.world import World

HOSTS, INTERVAL, RETRY = 100, 10.0, 3


class Crowd:
    """A world of many hosts in real time, and an engine on it."""

    def __init__(self, directory: Path, max_evacuation: int) -> None:
        self.clock = SystemClock()
        self.world = World(timing=Timing(detect=0.1, skew=(0.0, 0.2)), start=self.clock.monotonic(), epoch=self.clock.time())
        self.database = open_database(DatabaseSettings(f'sqlite:///{directory}/crowd.sqlite'))
        self.database.upgrade()
        for number in range(HOSTS):
            self.world.add_host(f'h{number:03}')
            self.database.registry.create(HostSpec(f'h{number:03}'))
        judgement = Judgement(check_interval=INTERVAL, check_retry=RETRY, limits=Limits(max_evacuation))
        settings = simulated_settings(judgement, Recovery(levels=(LevelSpec('ipmi'),)), EngineSettings('crowd'))
        self.engine = Engine(settings, simulated_ports(self.world, self.clock, self.database, LogNotifier()))

    def run_until(self, done, limit: float) -> float:
        """Seconds until ``done()``; fails after ``limit``."""
        began = time.monotonic()
        while not done():
            assert time.monotonic() - began < limit, self.states()
            self.world.advance(self.clock.monotonic())
            time.sleep(0.25)
        return time.monotonic() - began

    def states(self) -> list[State]:
        return [record.state for record in self.database.store.records()]

    def decided(self) -> int:
        """Hosts whose last check has been judged: acted on, or held with a reason."""
        decided = {'fence_chosen', 'verdict_withheld'}
        return sum(1 for incident in self.database.history.incidents(limit=1000)
                   if any(row.event in decided for row in self.database.history.transitions(incident.id)))


@pytest.fixture
def crowd(tmp_path):
    made = []

    def make(max_evacuation: int) -> Crowd:
        made.append(Crowd(tmp_path, max_evacuation))
        made[-1].engine.start()
        made[-1].engine.run_in_thread()
        return made[-1]

    yield make
    for crowd in made:
        crowd.engine.stop()
        crowd.database.close()


def memory() -> float:
    """The most that this process ever had resident, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@pytest.mark.parametrize('max_evacuation', [3, HOSTS], ids=['held', 'released'])
def test_a_hundred_hosts_are_decided_within_one_interval_of_the_ideal(crowd, max_evacuation, capsys):
    many = crowd(max_evacuation)
    many.run_until(many.engine.observer.views, 30)
    threads, before = threading.active_count(), memory()
    for name in list(many.world.hosts):
        many.world.set_link(name, 'storage', False)
    most = [0]

    def suspect() -> bool:
        most[0] = max(most[0], threading.active_count())
        return many.decided() == HOSTS

    ideal = (RETRY - 1) * INTERVAL
    took = many.run_until(suspect, 6 * ideal)
    with capsys.disabled():
        print(f'\n{HOSTS} hosts suspect at once, max_evacuation {max_evacuation}: all decided after {took:.1f} s, ideal {ideal:.1f} s; '
              f'threads {threads} before, {most[0]} at most; resident memory {before:.0f} MiB before, {memory():.0f} MiB at most')
    assert took < ideal + INTERVAL
    if max_evacuation < HOSTS:
        assert set(many.states()) == {State.SUSPECT}
        assert not many.world.fenced
