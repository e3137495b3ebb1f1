"""The durable state of hosts (ports.Store)."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hostha.core.model import Decision, HostRecord, HostSpec
from hostha.db.flowstore import insert_book, insert_flow
from hostha.db.models import HOSTS, INCIDENTS, JOBS, ORDERS, TRANSITIONS
from hostha.db.rows import ORDER_COLUMNS, RECORD_COLUMNS, from_record, host_row, to_record, to_spec
from hostha.db.secrets import SecretBox
from hostha.db.transactions import Transactions
from hostha.exceptions import NotFound, StaleOwner
from hostha.ports import FlowSpec, Job, Order


class SqlStore:
    """ports.Store on a database."""

    def __init__(self, transactions: Transactions, box: SecretBox, lease: float) -> None:
        """``lease``: seconds for which the claim on a new incident outlives its engine, unless renewed."""
        self._transactions, self._box, self._lease = transactions, box, lease

    def specs(self) -> Sequence[HostSpec]:
        """All hosts as the operator entered them."""
        query = sa.select(HOSTS.c.name, HOSTS.c.ha_enabled, HOSTS.c.fencing, HOSTS.c.addresses)
        with self._transactions.read() as connection:
            rows = connection.execute(query.where(HOSTS.c.deleted.is_(False)).order_by(HOSTS.c.name)).mappings().all()
        return [to_spec(row, self._box) for row in rows]  # type: ignore[arg-type]

    def records(self) -> Sequence[HostRecord]:
        """The state of all hosts: one snapshot."""
        query = sa.select(*RECORD_COLUMNS).where(HOSTS.c.deleted.is_(False)).order_by(HOSTS.c.name)
        with self._transactions.read() as connection:
            return [to_record(row) for row in connection.execute(query).mappings()]  # type: ignore[arg-type]

    def record(self, host: str) -> HostRecord:
        """The state of one host. NotFound."""
        with self._transactions.read() as connection:
            return to_record(host_row(connection, host))

    def commit(self, decision: Decision, job: Job | None, flow: FlowSpec | None, engine: str,
               order: int | None = None) -> tuple[HostRecord, Job | None]:
        """Make a decision durable in one transaction: see the port. ``decision`` is an applied one."""
        record = replace(decision.record, flow=str(uuid.uuid4()) if flow else None)
        with self._transactions.write() as connection:
            _swap(connection, decision.before, record)
            kept = self._account(connection, decision, job, engine)
            if order is not None:
                self._carried_out(connection, order)
            connection.execute(sa.insert(TRANSITIONS).values(**_audit(decision, engine), at=self._transactions.now))
            if flow and record.flow:
                insert_flow(connection, _incident(decision), flow, record.flow)
        return record, kept

    def _account(self, connection: Connection, decision: Decision, job: Job | None, engine: str) -> Job | None:
        """Keep the incident and its job in step with the host; returns the job as it is now."""
        if decision.opened:
            return self._open(connection, decision, engine)
        kept = self._progress(connection, decision, job, engine)
        closed = {'closed_at': self._transactions.now} if decision.closed else {}
        incident = _incident(decision)
        connection.execute(sa.update(INCIDENTS).where(INCIDENTS.c.incident == incident)
                           .values(outcome=decision.happening.reason, **closed))
        if not decision.closed:
            return kept
        connection.execute(sa.delete(JOBS).where(JOBS.c.incident == incident))
        return None

    def _open(self, connection: Connection, decision: Decision, engine: str) -> Job:
        record, reason, now = decision.record, decision.happening.reason, self._transactions.now
        job = Job(_incident(decision), record.name, token=1)
        connection.execute(sa.insert(INCIDENTS).values(
            incident=job.incident, host=record.name, epoch=record.epoch, opened_at=now, reason=reason, outcome=reason))
        insert_book(connection, job.incident)
        connection.execute(sa.insert(JOBS).values(
            incident=job.incident, host=job.host, owner=engine, expires=now + self._lease, token=job.token, claims=0))
        return job

    def _progress(self, connection: Connection, decision: Decision, job: Job | None, engine: str) -> Job | None:
        """Note that the incident went on. StaleOwner if ``job`` is given and not held."""
        mine = sa.update(JOBS).where(JOBS.c.incident == _incident(decision)).values(claims=0)
        if job is None:
            connection.execute(mine)
            return None
        mine = mine.where(JOBS.c.incident == job.incident, JOBS.c.owner == engine, JOBS.c.token == job.token,
                          JOBS.c.expires > self._transactions.now)
        if not connection.execute(mine).rowcount:
            raise StaleOwner(f'host {job.host}: {engine} does not hold the incident {job.incident} any more; nothing was changed')
        return replace(job, claims=0)

    def _carried_out(self, connection: Connection, order: int) -> None:
        done = sa.update(ORDERS).where(ORDERS.c.id == order, ORDERS.c.closed_at.is_(None))
        if not connection.execute(done.values(closed_at=self._transactions.now, result='done')).rowcount:
            raise StaleOwner(f'the order {order} was carried out already; nothing was changed')

    def orders(self) -> Sequence[Order]:
        """The operators' orders not yet carried out, oldest first."""
        query = sa.select(*(ORDERS.c[name] for name in ORDER_COLUMNS))
        with self._transactions.read() as connection:
            return [Order(*row) for row in connection.execute(query.where(ORDERS.c.closed_at.is_(None)).order_by(ORDERS.c.id))]

    def close_order(self, order: int, result: str) -> None:
        """Note what became of an order; of several results the first counts. NotFound."""
        close = sa.update(ORDERS).where(ORDERS.c.id == order).values(
            result=sa.func.coalesce(ORDERS.c.result, result), closed_at=sa.func.coalesce(ORDERS.c.closed_at, self._transactions.now))
        with self._transactions.write() as connection:
            if not connection.execute(close).rowcount:
                raise NotFound(f'there is no order {order}')


def _swap(connection: Connection, before: HostRecord, record: HostRecord) -> None:
    swap = sa.update(HOSTS).where(HOSTS.c.name == before.name, HOSTS.c.version == before.version, HOSTS.c.deleted.is_(False))
    if not connection.execute(swap.values(from_record(record))).rowcount:
        raise StaleOwner(f'host {before.name}: it has gone on from version {before.version}; nothing was changed')


def _incident(decision: Decision) -> str:
    """The incident that a decision belongs to: it opens it, or goes on with it, or closes it."""
    incident = decision.record.incident or decision.before.incident
    if incident is None:
        raise ValueError('a decision that belongs to no incident changes nothing and is not committed')
    return incident


def _audit(decision: Decision, engine: str) -> dict[str, Any]:
    before, after, happening = decision.before, decision.record, decision.happening
    return {'host': after.name, 'incident': _incident(decision), 'epoch': after.epoch,
            'before': before.state, 'event': happening.event, 'after': after.state,
            'why': decision.why, 'reason': happening.reason, 'engine': engine, 'by': happening.by}
