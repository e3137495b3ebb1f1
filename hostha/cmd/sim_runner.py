"""Runs a scenario: the simulated world, a database in memory and the production engine, on virtual time, in one thread."""

from collections.abc import Callable
from functools import partial

from hostha.cmd.simulated import simulated_ports, simulated_settings
from hostha.core.book import Entry
from hostha.core.brakes import Limits
from hostha.core.model import HostSpec, LevelSpec
from hostha.db import Database, open_database
from hostha.engine.service import Engine, Ports
from hostha.exceptions import HosthaError
from hostha.settings import DatabaseSettings, EngineSettings, Judgement, Recovery, Settings
from hostha.sim.clock import VirtualClock
from hostha.sim.commands import Command
from hostha.sim.expect import Snapshot, failures
from hostha.sim.ports import SimNotifier
from hostha.sim.scenario import Expectation, Scenario, of_group
from hostha.sim.world import World

OPERATOR = 'operator'
DEFAULT_LEVELS = ('ipmi',)
STANDSTILL = 10_000
"""Rounds without any time going by after which the run is given up."""


class ScenarioFailedError(HosthaError):
    """hostha did not do what the scenario expects. The message ends with the time line."""


class Runner:
    """One run of one scenario. close() it, or use it as a context manager."""

    def __init__(self, scenario: Scenario, seed: int | None = None) -> None:
        self.scenario = scenario
        self.world: World = scenario.world(seed)
        self._clock = VirtualClock(self.world)
        self.database: Database = open_database(DatabaseSettings('sqlite://'), self._engine_settings('').lease, durable=False,
                                                clock=self._clock.time)
        self._engines: dict[int, Engine] = {}
        self._starts = 0
        self._pending: list[Callable[[], None]] = []
        self._due: list[Expectation] = []

    def __enter__(self) -> 'Runner':
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self.database.close()

    def run(self) -> World:
        """The world at the end. InvariantViolated, or ScenarioFailedError."""
        self._prepare()
        end = self.world.stage.now + self.scenario.until
        standing = 0
        while True:
            before = self.world.stage.now
            due = self._turn()
            if before >= end:
                break
            self.world.advance(min([end, *(time for time in (*due, self.world.next_due()) if time is not None)]))
            standing = 0 if self.world.stage.now > before else standing + 1
            if standing > STANDSTILL:
                raise self._failed('the engine is due again and again, and no time goes by')
        self.world.checker.at_end(self.database.book.entries)
        return self.world

    def _prepare(self) -> None:
        self.database.upgrade()
        for name in self.scenario.hosts:
            self.database.registry.create(HostSpec(name))
        self.world.checker.records = self.database.store.record
        for number in range(1, self.scenario.engines + 1):
            self._start(number)
        for command in self.scenario.timeline:
            self.world.stage.after(command.at, partial(self._happen, command))
        for expectation in self.scenario.expect:
            self.world.stage.after(expectation.at, partial(self._fall_due, expectation))

    def _turn(self) -> list[float | None]:
        """What happens to hostha, then its own work, then what is expected by now; returns when each engine is due again."""
        pending, self._pending = self._pending, []
        for act in pending:
            act()
        times = [engine.run_once() for engine in list(self._engines.values())]
        for violation in self.world.checker.violations:
            raise violation
        due, self._due = self._due, []
        for expectation in due:
            self._expect(expectation)
        return times

    def _happen(self, command: Command) -> None:
        if command.to_world:
            command.apply(self.world)
        else:
            self._pending.append(partial(_TO_HOSTHA[command.verb], self, *command.arguments))

    # what happens to hostha

    def _start(self, number: int) -> None:
        if number in self._engines:
            raise self._failed(f'engine {number} runs already')
        self._starts += 1
        settings = self._settings(f'engine-{number}.{self._starts}')
        self.world.stage.say(f'engine {number} starts')
        self._engines[number] = Engine(settings, self._ports(), inline=True)
        self._engines[number].start()

    def _kill(self, number: int) -> None:
        self.world.stage.say(f'engine {number} is killed')
        self._engines.pop(number).abandon()

    def _stop(self, number: int) -> None:
        """Graceful: the engine leaves its flows as they stand and gives its incidents back."""
        self.world.stage.say(f'engine {number} is stopped')
        self._engines[number].stop()

    def _order(self, host: str, action: str) -> None:
        self.world.stage.say(f'operator: {action} {host}')
        self.database.registry.order(host, action, 'scenario', OPERATOR)

    # wiring

    def _ports(self) -> Ports:
        return simulated_ports(self.world, self._clock, self.database, SimNotifier(self.world))

    def _engine_settings(self, name: str) -> EngineSettings:
        return EngineSettings(name=name, **of_group(EngineSettings, self.scenario.settings))

    def _settings(self, name: str) -> Settings:
        wanted = self.scenario.settings
        judgement = Judgement(networks=self.scenario.networks, limits=Limits(**of_group(Limits, wanted)), **of_group(Judgement, wanted))
        levels = tuple(LevelSpec(level) for level in wanted.get('levels', DEFAULT_LEVELS))
        recovery = Recovery(**{**of_group(Recovery, wanted), 'levels': levels})
        return simulated_settings(judgement, recovery, self._engine_settings(name))

    # what is expected

    def _fall_due(self, expectation: Expectation) -> None:
        self._due.append(expectation)

    def _expect(self, expectation: Expectation) -> None:
        wrong = failures(expectation.checks, self.snapshot())
        if wrong:
            raise self._failed(f'at {expectation.at:g} s: ' + '; '.join(wrong))

    def _failed(self, what: str) -> ScenarioFailedError:
        lines = '\n'.join(str(line) for line in self.world.stage.timeline)
        return ScenarioFailedError(f'{self.scenario.name}: {what}\n{lines}')

    def snapshot(self) -> Snapshot:
        """Everything that can be expected something of, as it is now."""
        history, hosts = self.database.history, list(self.scenario.hosts)
        incidents = {host: list(reversed(history.incidents(host=host))) for host in hosts}
        transitions = {host: [row for incident in incidents[host] for row in history.transitions(incident.id)] for host in hosts}
        books: dict[str, list[Entry]] = {host: list(history.entries(incidents[host][-1].id)) if incidents[host] else [] for host in hosts}
        return Snapshot(self.world, {record.name: record for record in self.database.store.records()}, transitions, books)


_TO_HOSTHA: dict[str, Callable[..., None]] = {
    'order': Runner._order, 'engine_start': Runner._start, 'engine_kill': Runner._kill, 'engine_stop': Runner._stop}
