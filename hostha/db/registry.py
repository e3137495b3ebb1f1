"""The hosts as operators enter them (ports.Registry)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hostha.core.book import remaining, summary
from hostha.core.model import HostRecord, HostSpec, LevelSpec
from hostha.core.states import State
from hostha.db.book import entries
from hostha.db.models import HOSTS, INCIDENTS, JOBS, ORDERS
from hostha.db.rows import ORDER_COLUMNS, Row, from_given, from_record, from_spec, host_row, registered, to_record
from hostha.db.secrets import SecretBox
from hostha.db.transactions import Transactions
from hostha.exceptions import Conflict
from hostha.ports import Order, RegisteredHost

_DELETABLE = (State.ACTIVE, State.MAINTENANCE, State.ERROR)


class SqlRegistry:
    """ports.Registry on a database."""

    def __init__(self, transactions: Transactions, box: SecretBox) -> None:
        self._transactions, self._box = transactions, box

    def hosts(self) -> Sequence[RegisteredHost]:
        """All hosts by name."""
        with self._transactions.read() as connection:
            rows = connection.execute(sa.select(HOSTS).where(HOSTS.c.deleted.is_(False)).order_by(HOSTS.c.name)).mappings().all()
        return [registered(row, self._box) for row in rows]  # type: ignore[arg-type]

    def host(self, name: str) -> RegisteredHost:
        """One host. NotFound."""
        with self._transactions.read() as connection:
            return self._registered(connection, name)

    def create(self, spec: HostSpec) -> RegisteredHost:
        """Enter a host, active. Conflict if there is one of that name; ConfigError if it has secrets and there is no key."""
        values = from_spec(spec, self._box)
        with self._transactions.write() as connection:
            former = self._former(connection, spec.name)
            values |= from_record(former) | {'since': self._transactions.now, 'deleted': False}
            try:
                connection.execute(sa.insert(HOSTS).values(values))
            except sa.exc.IntegrityError as error:
                raise _taken(spec.name) from error
            return self._registered(connection, spec.name)

    def _former(self, connection: Connection, name: str) -> HostRecord:
        """The record from which a new host of this name goes on; takes the row of a deleted one away. Conflict."""
        row = connection.execute(sa.select(HOSTS).where(HOSTS.c.name == name).with_for_update()).mappings().first()
        if row is None:
            return HostRecord(name)
        if not row['deleted']:
            raise _taken(name)
        connection.execute(sa.delete(HOSTS).where(HOSTS.c.name == name))
        return to_record(row)  # type: ignore[arg-type]

    def update(self, name: str, *, ha_enabled: bool | None = None, addresses: Mapping[str, str] | None = None,
               fencing: Sequence[LevelSpec] | None = None) -> RegisteredHost:
        """Replace what is given of what was entered for a host, in one statement that touches nothing else. NotFound; ConfigError if
        there are secrets and there is no key."""
        values = from_given(self._box, ha_enabled, addresses, fencing)
        with self._transactions.write() as connection:
            host_row(connection, name, lock=True)
            if values:
                connection.execute(sa.update(HOSTS).where(HOSTS.c.name == name).values(values))
            return self._registered(connection, name)

    def delete(self, name: str) -> None:
        """Forget a host and its secrets; its incidents stay, an open one and its orders are closed. NotFound; Conflict unless it is
        active, in maintenance or in error, and in error as long as servers on its book have not ended."""
        with self._transactions.write() as connection:
            record = to_record(host_row(connection, name, lock=True))
            if record.state not in _DELETABLE:
                raise Conflict(f'host {name} is {record.state}: it can be deleted when it is {", ".join(_DELETABLE)}')
            if record.incident:
                self._close(connection, record, record.incident)
            self._close_orders(connection, name)
            connection.execute(sa.update(HOSTS).where(HOSTS.c.name == name).values(_forgotten(record)))

    def _close(self, connection: Connection, record: HostRecord, incident: str) -> None:
        left = remaining(entries(connection, incident))
        if left and record.state is State.ERROR:
            raise Conflict(f'host {record.name}: {len(left)} servers on its book have not ended ({summary(left)}): '
                           'order retry to go on, or reset to give them up')
        outcome = f'the host was deleted; servers on its book that had not ended: {summary(left)}' if left else 'the host was deleted'
        connection.execute(sa.delete(JOBS).where(JOBS.c.incident == incident))
        connection.execute(sa.update(INCIDENTS).where(INCIDENTS.c.incident == incident)
                           .values(closed_at=self._transactions.now, outcome=outcome))

    def _close_orders(self, connection: Connection, name: str) -> None:
        """An order is for this host, not for a later one of its name."""
        connection.execute(sa.update(ORDERS).where(ORDERS.c.host == name, ORDERS.c.closed_at.is_(None))
                           .values(closed_at=self._transactions.now, result='not done: the host was deleted'))

    def order(self, host: str, action: str, reason: str, by: str) -> Order:
        """Note an operator's order for the engines. NotFound."""
        values = {'host': host, 'action': action, 'reason': reason, 'by': by}
        with self._transactions.write() as connection:
            epoch = host_row(connection, host, lock=True)['epoch']
            result = connection.execute(sa.insert(ORDERS).values(**values, epoch=epoch, ordered_at=self._transactions.now))
            made = sa.select(*(ORDERS.c[name] for name in ORDER_COLUMNS)).where(ORDERS.c.id == int(result.lastrowid))
            return Order(*connection.execute(made).one())

    def _registered(self, connection: Connection, name: str) -> RegisteredHost:
        return registered(host_row(connection, name), self._box)


def _forgotten(record: HostRecord) -> dict[str, Any]:
    """What is kept of a deleted host: its name, its epoch, and a version that no decision taken before can match."""
    kept: Row = from_record(replace(HostRecord(record.name), epoch=record.epoch, version=record.version + 1))
    return {**kept, 'fencing': [], 'addresses': {}, 'deleted': True}


def _taken(name: str) -> Conflict:
    return Conflict(f'there is a host {name} already')
