"""What has happened (ports.History)."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hostha.core.book import Entry
from hostha.db import book
from hostha.db.models import INCIDENTS, JOBS, ORDERS, TRANSITIONS
from hostha.db.transactions import Transactions
from hostha.exceptions import NotFound
from hostha.ports import Incident, OrderRecord, Transition

_I, _T, _O = INCIDENTS.c, TRANSITIONS.c, ORDERS.c
_INCIDENT: tuple[sa.Column[Any], ...] = (_I.incident, _I.host, _I.epoch, _I.opened_at, _I.closed_at, _I.reason, _I.outcome)
_TRANSITION: tuple[sa.Column[Any], ...] = (
    _T.id, _T.host, _T.incident, _T.epoch, _T.at, _T.before, _T.event, _T.after, _T.why, _T.reason, _T.engine, _T.by)
_ORDER: tuple[sa.Column[Any], ...] = (_O.id, _O.host, _O.action, _O.reason, _O.by, _O.epoch, _O.ordered_at,
                                         _O.closed_at, _O.result)


class SqlHistory:
    """ports.History on a database."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def incidents(self, *, host: str | None = None, open_only: bool = False, limit: int = 100,
                  marker: str | None = None) -> Sequence[Incident]:
        """Incidents, newest first, at most ``limit``, beginning after the one whose id is ``marker``. NotFound if there is none."""
        query = sa.select(*_INCIDENT).order_by(_I.id.desc()).limit(limit)
        if host is not None:
            query = query.where(_I.host == host)
        if open_only:
            query = query.where(_I.closed_at.is_(None))
        with self._transactions.read() as connection:
            if marker is not None:
                query = query.where(_I.id < _number(connection, marker))
            return [Incident(*row) for row in connection.execute(query)]

    def incident(self, incident: str) -> Incident:
        """One incident. NotFound."""
        with self._transactions.read() as connection:
            row = connection.execute(sa.select(*_INCIDENT).where(_I.incident == incident)).first()
        if row is None:
            raise _unknown(incident)
        return Incident(*row)

    def transitions(self, incident: str) -> Sequence[Transition]:
        """Its transitions, oldest first."""
        query = sa.select(*_TRANSITION).where(_T.incident == incident).order_by(_T.id)
        with self._transactions.read() as connection:
            return [Transition(*row) for row in connection.execute(query)]

    def entries(self, incident: str) -> Sequence[Entry]:
        """Its book of servers."""
        with self._transactions.read() as connection:
            return book.entries(connection, incident)

    def engines(self) -> Sequence[tuple[str, float]]:
        """Each engine that holds incidents, with the seconds that its lease has left."""
        now = self._transactions.now
        query = sa.select(JOBS.c.owner, sa.func.max(JOBS.c.expires) - now).where(JOBS.c.expires > now)
        with self._transactions.read() as connection:
            return [(owner, left) for owner, left in connection.execute(query.group_by(JOBS.c.owner).order_by(JOBS.c.owner))]

    def orders(self, *, host: str | None = None, limit: int = 100) -> Sequence[OrderRecord]:
        """Operators' orders, newest first, at most ``limit``."""
        query = sa.select(*_ORDER).order_by(_O.id.desc()).limit(limit)
        if host is not None:
            query = query.where(_O.host == host)
        with self._transactions.read() as connection:
            return [OrderRecord(*row) for row in connection.execute(query)]

    def order(self, order: int) -> OrderRecord:
        """One order. NotFound."""
        with self._transactions.read() as connection:
            row = connection.execute(sa.select(*_ORDER).where(_O.id == order)).first()
        if row is None:
            raise NotFound(f'there is no order {order}')
        return OrderRecord(*row)


def _number(connection: Connection, incident: str) -> int:
    number = connection.execute(sa.select(_I.id).where(_I.incident == incident)).scalar()
    if number is None:
        raise _unknown(incident)
    return int(number)


def _unknown(incident: str) -> NotFound:
    return NotFound(f'there is no incident {incident}')
