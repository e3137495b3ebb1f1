"""The durable book of servers (ports.Book)."""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.engine import Connection

from hostha.core.book import Entry
from hostha.db.models import SERVERS
from hostha.db.rows import ENTRY_COLUMNS, from_entry, to_entry
from hostha.db.transactions import Transactions
from hostha.exceptions import NotFound


class SqlBook:
    """ports.Book on a database."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def entries(self, incident: str) -> Sequence[Entry]:
        """All entries of an incident, in the order in which they are to be moved."""
        with self._transactions.read() as connection:
            return entries(connection, incident)

    def add(self, entries: Iterable[Entry]) -> None:
        """Append entries, all or none; one whose server is on the incident's book already is left as it is."""
        rows = [from_entry(entry) for entry in entries]
        if not rows:
            return
        with self._transactions.write() as connection:
            connection.execute(_insert_new(connection.dialect.name), rows)

    def save(self, entry: Entry) -> None:
        """Store the entry as it is now, durable on return. NotFound."""
        same = sa.and_(SERVERS.c.incident == entry.incident, SERVERS.c.server == entry.server)
        with self._transactions.write() as connection:
            if not connection.execute(sa.update(SERVERS).where(same).values(from_entry(entry))).rowcount:
                raise NotFound(f'the server {entry.server} is not on the book of {entry.incident}')


def entries(connection: Connection, incident: str) -> list[Entry]:
    """All entries of an incident, in the order in which they are to be moved."""
    query = sa.select(*ENTRY_COLUMNS).where(SERVERS.c.incident == incident).order_by(SERVERS.c.id)
    return [to_entry(row) for row in connection.execute(query).mappings()]  # type: ignore[arg-type]


def _insert_new(dialect: str) -> Any:
    """An INSERT that leaves rows alone that are there already."""
    if dialect == 'sqlite':
        return sqlite.insert(SERVERS).on_conflict_do_nothing(index_elements=['incident', 'server'])
    return mysql.insert(SERVERS).on_duplicate_key_update(server=SERVERS.c.server)
