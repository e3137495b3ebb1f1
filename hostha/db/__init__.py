"""The database: hostha's own state, and TaskFlow's, on SQLite or MariaDB."""

from collections.abc import Callable
from dataclasses import dataclass

from hostha.db import migrate
from hostha.db.book import SqlBook
from hostha.db.engine import OPTION, displayed, open_source
from hostha.db.flowstore import FlowBackend
from hostha.db.history import SqlHistory
from hostha.db.leases import SqlLeases
from hostha.db.registry import SqlRegistry
from hostha.db.secrets import SecretBox
from hostha.db.store import SqlStore
from hostha.db.transactions import Transactions
from hostha.exceptions import ConfigError
from hostha.settings import DatabaseSettings


@dataclass(frozen=True, slots=True)
class Database:
    """One database, as each port that it serves. backend: TaskFlow's persistence, for taskflow.engines."""

    transactions: Transactions
    store: SqlStore
    book: SqlBook
    leases: SqlLeases
    registry: SqlRegistry
    history: SqlHistory
    backend: FlowBackend

    def upgrade(self) -> None:
        """Make the tables, or bring them up to date."""
        migrate.upgrade(self.transactions)

    def check(self) -> None:
        """ConfigError unless the tables are those that this hostha needs. StoreUnavailable."""
        is_, needed = migrate.current(self.transactions), migrate.newest()
        if is_ != needed:
            raise ConfigError(OPTION, displayed(self.transactions.engine.url),
                              f'its tables are at revision {is_ or "none"}, {needed} is needed: run hostha-db-manage upgrade head')

    def close(self) -> None:
        """Close all connections."""
        self.transactions.close()


def open_database(settings: DatabaseSettings, lease: float = 15.0, *, durable: bool = True,
                  clock: Callable[[], float] | None = None) -> Database:
    """Open a database; nothing is read from it yet, and its tables must have been made: ``upgrade()``.

    lease: seconds for which an engine's claim on an incident outlives the engine. For simulations on SQLite: durable=False makes it
    faster and unsafe against a loss of power, clock takes the place of the database's clock (wall seconds), and ``sqlite://`` is
    a database in memory. ConfigError if the connection or the key file is wrong.
    """
    box = SecretBox(settings.key_file)
    transactions = Transactions(open_source(settings.connection, durable=durable, clock=clock))
    return Database(transactions, SqlStore(transactions, box, lease), SqlBook(transactions), SqlLeases(transactions, lease),
                    SqlRegistry(transactions, box), SqlHistory(transactions), FlowBackend(transactions))
