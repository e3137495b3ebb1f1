"""Transactions, and what a database that does not answer looks like to the rest of hostha."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from hostha.db.engine import LOCK_TIMEOUT, SYNCHRONOUS, Source
from hostha.exceptions import StoreUnavailable


class Transactions:
    """Reads and writes on one database. Each is one transaction: all of it or nothing.

    StoreUnavailable: the database does not answer, or other writers held it for too long. (The answer to a commit may get lost on
    its way, as with any database over a network. Every change here is a compare-and-swap or may be made again, so that the caller
    who reads and tries again is right in either case.)
    """

    def __init__(self, source: Source) -> None:
        self.now = source.now
        self.engine = source.engine
        self._lock = source.write_lock
        # SQLite with a write-ahead log: NORMAL survives a killed process, FULL a loss of power too
        self._durable = _writing(source.engine, 'FULL' if source.durable else 'OFF')
        self._quick = _writing(source.engine, 'NORMAL' if source.durable else 'OFF')

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads. On SQLite all its statements see one snapshot; on MariaDB each statement sees one."""
        with unavailable(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[Connection]:
        """A transaction that writes; committed at the end of the block, rolled back if the block raises.

        durable=False: on SQLite a loss of power (not of the process) may undo it, never what was durable before it.
        """
        engine = self._durable if durable else self._quick
        with unavailable(), self._alone(), engine.begin() as connection:
            yield connection

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if self._lock is None:
            yield
            return
        if not self._lock.acquire(timeout=LOCK_TIMEOUT):
            raise StoreUnavailable(f'another thread held the database for {LOCK_TIMEOUT:g} s')
        try:
            yield
        finally:
            self._lock.release()

    def close(self) -> None:
        """Close the connections that are not in use."""
        self.engine.dispose()


@contextmanager
def unavailable() -> Iterator[None]:
    """Turn what SQLAlchemy raises when the database does not answer into StoreUnavailable; other errors stay as they are."""
    try:
        yield
    except (sa.exc.OperationalError, sa.exc.InterfaceError) as error:
        raise StoreUnavailable(f'the database: {error.orig}') from error
    except (sa.exc.TimeoutError, sa.exc.DisconnectionError) as error:
        raise StoreUnavailable(f'the database: {error}') from error
    except sa.exc.DBAPIError as error:
        if not error.connection_invalidated:
            raise
        raise StoreUnavailable(f'the connection to the database broke: {error.orig}') from error


def _writing(engine: Engine, synchronous: str) -> Engine:
    return engine.execution_options(**{SYNCHRONOUS: synchronous})
