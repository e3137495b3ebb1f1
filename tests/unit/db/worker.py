"""A process that works on a database beside others: python -m tests.unit.db.worker URL NAME COUNT."""

import sys

from hostha.core.book import Entry
from hostha.core.machine import step
from hostha.core.model import Happening, HostSpec
from hostha.core.states import Event
from hostha.db import Database, open_database
from hostha.ports import FlowSpec
from hostha.settings import DatabaseSettings


def work(database: Database, name: str, count: int) -> None:
    """Open ``count`` incidents, put a server on the book of each, renew the leases, and close every second incident."""
    for number in range(count):
        record = database.registry.create(HostSpec(f'{name}-{number}')).record
        record, job = database.store.commit(step(record, Happening(Event.LOSS_SEEN, ''), 0.0), None, FlowSpec('x', 'x.y'), name)
        assert record.incident
        database.book.add([Entry(record.incident, 'server', '', 'active', record.name)])
        assert record.incident in database.leases.renew(name, [record.incident])
        if number % 2:
            database.store.commit(step(record, Happening(Event.LOSS_CLEARED, ''), 0.0), job, None, name)


if __name__ == '__main__':
    opened = open_database(DatabaseSettings(sys.argv[1]), lease=60)
    work(opened, sys.argv[2], int(sys.argv[3]))
    opened.close()
