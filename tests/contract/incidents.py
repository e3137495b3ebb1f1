"""Incidents to test with: a host, and the steps of the machine that open an incident, go on with it and close it."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import sqlalchemy as sa

from hostha.core.machine import step
from hostha.core.model import Decision, Happening, HostRecord, HostSpec
from hostha.core.states import Event
from hostha.db import Database
from hostha.db.models import JOBS, METADATA
from hostha.exceptions import HosthaError
from hostha.ports import FlowSpec, Job

NOW = 1_700_000_000.0
FLOW = FlowSpec('check', 'tests.contract.recipes.three_steps', {'host': 'alpha'}, not_before=NOW + 10)


def decided(record: HostRecord, event: Event, **more: Any) -> Decision:
    """What the machine makes of an event."""
    return step(record, Happening(event, f'because of {event}', **more), NOW)


def opened(database: Database, name: str = 'alpha', engine: str = 'one', flow: FlowSpec | None = FLOW) -> tuple[HostRecord, Job]:
    """A new host whose incident ``engine`` has just opened."""
    record = database.registry.create(HostSpec(name)).record
    record, job = database.store.commit(decided(record, Event.LOSS_SEEN), None, flow, engine)
    assert job is not None
    return record, job


def leave(database: Database, job: Job, seconds: float) -> None:
    """Let the lease of a job end in so many seconds from now; a negative number: in the past."""
    with database.transactions.write() as connection:
        ends = database.transactions.now + seconds
        connection.execute(sa.update(JOBS).where(JOBS.c.incident == job.incident).values(expires=ends))


def snapshot(database: Database) -> list[Any]:
    """All that hostha has stored, flows included."""
    with database.transactions.read() as connection:
        return [(table.name, connection.execute(sa.select(table)).all()) for table in METADATA.sorted_tables]


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Run calls at the same moment, each in a thread; returns what they returned or raised."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        barrier.wait(timeout=10)
        try:
            return call()
        except HosthaError as error:
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls, timeout=60))
