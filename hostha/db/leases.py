"""Who works on which incident (ports.Leases).

A lease is a row with an owner, an end and a token. It is taken by a compare-and-swap on the token, which so becomes the fencing token
of the claim; whoever holds an older one is refused by Store.commit(). The end is compared with the database's clock alone, so that
engines need not agree on the time.
"""

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hostha.db.models import JOBS
from hostha.db.transactions import Transactions
from hostha.ports import Job

_MARGIN = 1 / 3
"""Share of a lease that must be left for an act to begin: the act has to be over, as to Nova or a BMC, before another engine starts."""


class SqlLeases:
    """ports.Leases on a database. An engine renews more often than every half lease."""

    def __init__(self, transactions: Transactions, lease: float) -> None:
        """``lease``: seconds for which a claim outlives its engine, unless renewed."""
        self._transactions, self._lease = transactions, lease

    def claim(self, engine: str, most: int) -> Sequence[Job]:
        """Claim up to ``most`` open incidents that nobody holds, or whose holder's lease has expired; the longest orphaned first."""
        free = sa.select(JOBS.c.incident, JOBS.c.host, JOBS.c.token, JOBS.c.claims).where(JOBS.c.expires <= self._transactions.now)
        with self._transactions.read() as connection:
            found = [Job(*row) for row in connection.execute(free.order_by(JOBS.c.expires, JOBS.c.incident).limit(most))]
        if not found:
            return []
        with self._transactions.write() as connection:
            return [job for job in (self._take(connection, engine, job) for job in found) if job]

    def _take(self, connection: Connection, engine: str, job: Job) -> Job | None:
        taken = Job(job.incident, job.host, job.token + 1, job.claims + 1)
        swap = sa.update(JOBS).where(JOBS.c.incident == job.incident, JOBS.c.token == job.token,
                                     JOBS.c.expires <= self._transactions.now)
        swap = swap.values(owner=engine, expires=self._transactions.now + self._lease, token=taken.token, claims=taken.claims)
        return taken if connection.execute(swap).rowcount else None

    def renew(self, engine: str, incidents: Collection[str]) -> Collection[str]:
        """Renew this engine's leases on ``incidents`` that have not expired, in one statement; returns those that it still holds."""
        held = sa.and_(JOBS.c.owner == engine, JOBS.c.incident.in_(incidents), JOBS.c.expires > self._transactions.now)
        with self._transactions.write() as connection:
            connection.execute(sa.update(JOBS).where(held).values(expires=self._transactions.now + self._lease))
            return set(connection.execute(sa.select(JOBS.c.incident).where(held)).scalars())

    def release(self, engine: str) -> None:
        """Give all leases back at once."""
        with self._transactions.write() as connection:
            connection.execute(sa.update(JOBS).where(JOBS.c.owner == engine).values(owner=None, expires=0.0))

    def holds(self, job: Job, engine: str) -> bool:
        """Whether this claim is still valid, and will be for another third of a lease."""
        enough = self._transactions.now + self._lease * _MARGIN
        query = sa.select(JOBS.c.incident).where(
            JOBS.c.incident == job.incident, JOBS.c.owner == engine, JOBS.c.token == job.token, JOBS.c.expires > enough)
        with self._transactions.read() as connection:
            return connection.execute(query).first() is not None
