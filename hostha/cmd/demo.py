"""hostha demo: the main job in under a minute, on the embedded database and a simulated cloud.

The production engine, flows, database and API run as they are; hosts, Consul, BMCs and Nova are simulated, and time goes faster.
"""

import logging
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from hostha.api.app import create_app
from hostha.cmd import api as api_server
from hostha.cmd.demo_screen import Facts, Screen, open_screen
from hostha.cmd.simulated import simulated_ports, simulated_settings
from hostha.core.model import NETWORKS, HostSpec, LevelSpec
from hostha.core.states import State
from hostha.db import Database, open_database
from hostha.drivers.clock import ScaledClock
from hostha.drivers.notify import LogNotifier
from hostha.engine.service import Engine
from hostha.ports import Clock
from hostha.settings import ApiSettings, EngineSettings, Judgement, Recovery, Settings
from hostha.sim.world import World

HOSTS, SERVERS_PER_HOST = 20, 10
TICK = 0.05
"""Real seconds between two steps of the simulated world."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens to which host. loss: seconds after the start at which the first two are lost; the rest follows when both are
    recovered."""

    dead: str = 'compute-03'
    no_storage: str = 'compute-07'
    no_management: str = 'compute-12'
    loss: float = 5.0


class Demo:
    """The simulated cloud with hostha on it. speed: simulated seconds in one real second."""

    def __init__(self, directory: Path, speed: float, port: int) -> None:
        self.plan = Plan()
        self.clock: Clock = ScaledClock(speed)
        self.started = self.clock.monotonic()
        self.world = World(start=self.started, epoch=self.clock.time())
        self.names = [f'compute-{number:02}' for number in range(1, HOSTS + 1)]
        self.settings = _settings(directory, port)
        self.database: Database = open_database(self.settings.database, self.settings.engine.lease, clock=self.clock.time)
        self.home: dict[str, str] = {}
        self._repaired = False

    def build(self) -> Engine:
        """Make the tables, the hosts and their servers; returns the engine, not yet started."""
        self.database.upgrade()
        for host in self.names:
            self.world.add_host(host, room=40)
            self.database.registry.create(HostSpec(host))
            for number in range(1, SERVERS_PER_HOST + 1):
                server = f'{host}-vm{number:02}'
                self.world.add_server(server, host)
                self.home[server] = host
        self._arrange()
        return Engine(self.settings, simulated_ports(self.world, self.clock, self.database, LogNotifier()))

    def _arrange(self) -> None:
        world, plan = self.world, self.plan
        world.stage.after(plan.loss, lambda: world.power_off(plan.dead))
        world.stage.after(plan.loss + 3, lambda: world.set_link(plan.no_storage, 'storage', False))

    def go_on(self, facts: Facts) -> None:
        """The second half of the story, once the first is over: another loss, and the dead host gets its power back."""
        world, plan = self.world, self.plan
        first_half = all(facts.records[name].state is State.RECOVERED for name in (plan.dead, plan.no_storage))
        if first_half and not self._repaired:
            self._repaired = True
            with world.stage.lock:
                world.set_link(plan.no_management, 'management', False)
                world.power_on(plan.dead)

    def tick(self) -> None:
        """Let the world catch up with the clock."""
        self.world.advance(self.clock.monotonic())

    def facts(self) -> Facts:
        """Everything that the screen shows, as it is now."""
        with self.world.stage.lock:
            running = [server for host in self.world.hosts.values() for server, runs in host.guests.items() if runs]
            homes = {instance.id: instance.host for instance in self.world.nova.inventory.instances.values()}
        records = {record.name: record for record in self.database.store.records()}
        incidents = list(reversed(self.database.history.incidents()))
        transitions = {incident.host: self.database.history.transitions(incident.id) for incident in incidents}
        books = {incident.host: self.database.history.entries(incident.id) for incident in incidents}
        return Facts(self.clock.monotonic() - self.started, self.world.stage.epoch + self.plan.loss, self.names, records, transitions,
                     books, homes, running, list(self.home))

    def over(self, facts: Facts) -> bool:
        """Whether the story has been told to its end."""
        plan, states = self.plan, {name: record.state for name, record in facts.records.items()}
        ends = {plan.dead: State.ACTIVE, plan.no_storage: State.RECOVERED, plan.no_management: State.ISOLATED}
        return self._repaired and all(states[host] is end for host, end in ends.items())

    def right(self, facts: Facts) -> bool:
        """Whether everything came as it has to: nothing lost, nothing doubled, nothing fenced that should not be."""
        fenced = set(self.world.fenced) | {name for name in self.names if not self.world.hosts[name].power}
        return (self.over(facts) and not facts.lost and not facts.doubled and not self.world.checker.violations
                and len(facts.moved) == 2 * SERVERS_PER_HOST and self.plan.no_management not in fenced)


def run(keep: bool, speed: float, port: int, limit: float = 55.0) -> int:
    """Tell the story; returns the exit status. keep: go on until interrupted. limit: real seconds."""
    logging.getLogger('hostha').setLevel(logging.CRITICAL)
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix='hostha-demo-')))
        demo = Demo(directory, speed, port)
        stack.callback(demo.database.close)
        engine = demo.build()
        address = stack.enter_context(_serving(demo))
        demo.world.checker.records = demo.database.store.record
        engine.start()
        engine.run_in_thread()
        stack.callback(engine.stop)
        with open_screen(address) as show:
            _follow(demo, show, limit)
            facts = demo.facts()
            show.summary(facts, speed)
            right = demo.right(facts)
            if keep:
                _stay(demo, show.say)
        return 0 if right else 1


def _follow(demo: Demo, show: Screen, limit: float) -> None:
    end, shown = time.monotonic() + limit, 0.0
    while time.monotonic() < end:
        demo.tick()
        if time.monotonic() - shown > 0.25:
            facts, shown = demo.facts(), time.monotonic()
            show(facts)
            demo.go_on(facts)
            if demo.over(facts):
                return
        time.sleep(TICK)


def _stay(demo: Demo, say: Callable[[str], None]) -> None:
    say('it goes on running; end it with Ctrl-C')
    try:
        while True:
            demo.tick()
            time.sleep(TICK)
    except KeyboardInterrupt:
        say('ended')


@contextmanager
def _serving(demo: Demo) -> Iterator[str]:
    """The API on a thread of its own; yields its address."""
    app = create_app(demo.database.registry, demo.database.history, demo.settings.api, demo.clock, NETWORKS)
    server = api_server.make_server(app, demo.settings.api)
    thread = threading.Thread(target=server.run, name='api', daemon=True)
    thread.start()
    try:
        yield f'http://{server.effective_host}:{server.effective_port}'
    finally:
        server.close()


def _settings(directory: Path, port: int) -> Settings:
    recovery = Recovery(levels=(LevelSpec('consul'), LevelSpec('ipmi')))
    return simulated_settings(Judgement(), recovery, EngineSettings('demo', lease=60.0), f'sqlite:///{directory}/hostha.sqlite',
                              ApiSettings(port=port))
