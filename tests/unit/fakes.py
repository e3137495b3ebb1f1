"""Fakes of what is outside the engine, for tests that need no whole world."""

from collections.abc import Sequence
from typing import Any

from hostha.core.model import Happening, HostRecord, LevelSpec
from hostha.core.policy import Verdict
from hostha.core.states import Event, Response, State
from hostha.db import Database, open_database
from hostha.flows.context import Context
from hostha.flows.tools import Tools
from hostha.ports import FlowSpec, Job
from hostha.settings import DatabaseSettings

DOWN = Verdict('000', Response.FENCE, '', '000: all down')
UP = Verdict('111', Response.NONE, '', '111: all networks up')


class ManualClock:
    """Time that goes on when the test says so."""

    def __init__(self, now: float = 1000.0, instance: str = 'run-1') -> None:
        self.now, self.wall, self.instance = now, 1.7e9, instance

    def time(self) -> float:
        return self.wall + self.now

    def monotonic(self) -> float:
        return self.now

    def wait(self, wakeup: Any, timeout: float) -> None:
        if not wakeup.wait(0):
            self.now += timeout
        wakeup.clear()


class Eyes:
    """Shows what it is told to, look by look; the last one stays."""

    def __init__(self, *looks: Verdict) -> None:
        self.looks, self.seen_at, self.clock = list(looks), [], ManualClock()  # type: ignore[var-annotated]

    def look(self, host: str) -> Verdict:
        self.seen_at.append(self.clock.now)
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]

    def choose(self, host: str, seen: Verdict) -> Happening:
        return Happening(Event.FENCE_CHOSEN, seen.words, pattern=seen.pattern)


class Ledger:
    def __init__(self, levels: Sequence[LevelSpec] = (LevelSpec('fence_agent'),)) -> None:
        self._levels = levels

    def levels(self, host: str) -> Sequence[LevelSpec]:
        return self._levels

    def dead(self) -> set[str]:
        return set()


class Leases:
    """A lease that is held until the test takes it away."""

    held = True

    def holds(self, job: Job, engine: str) -> bool:
        return self.held


def tools(clock: ManualClock, eyes: Eyes, **others: Any) -> Tools:
    """Tools of which a test needs only some; the others are absent and fail loudly when used."""
    eyes.clock = clock
    known = {'ledger': Ledger(), 'leases': Leases(), 'compute': None, 'servers': None, 'fencers': {}, 'agents': None, 'book': None}
    return Tools(clock=clock, eyes=eyes, **known | others)  # type: ignore[arg-type]


def context(made: Tools, host: str = 'h1') -> Context:
    return Context(made, 'engine-1', host, 1, f'{host}.1', Job(f'{host}.1', host, 1))


def memory_database(clock: ManualClock) -> Database:
    database = open_database(DatabaseSettings('sqlite://'), clock=clock.time)
    database.upgrade()
    return database


def open_incident(database: Database, flow: FlowSpec, host: str = 'h1') -> HostRecord:
    """Enter a host and open an incident with this flow; returns its record."""
    from hostha.core.machine import step
    from hostha.core.model import HostSpec
    database.registry.create(HostSpec(host))
    decision = step(HostRecord(host, State.ACTIVE), Happening(Event.LOSS_SEEN, 'x', pattern='000'), 1.0)
    record, _ = database.store.commit(decision, None, flow, 'engine-1')
    return record
