"""The schema's revisions, through alembic: each command runs in one transaction (which MariaDB ends at each change of a table)."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.engine import Connection

from hostha.db.models import METADATA
from hostha.db.transactions import Transactions
from hostha.exceptions import NotFound

VERSION_TABLE = 'hostha_schema'

_one_at_a_time = threading.Lock()
"""Alembic keeps what it works on in global variables."""


def upgrade(transactions: Transactions, revision: str = 'head') -> None:
    """Bring the schema up to a revision. NotFound if there is none of that name."""
    with _alembic(), transactions.write() as connection:
        command.upgrade(_config(connection), revision)


def downgrade(transactions: Transactions, revision: str) -> None:
    """Take the schema down to a revision; ``base`` removes every table with all that is in it. NotFound."""
    with _alembic(), transactions.write() as connection:
        command.downgrade(_config(connection), revision)


def current(transactions: Transactions) -> str | None:
    """The revision of the schema; None if there is none."""
    with transactions.read() as connection:
        return _context(connection).get_current_revision()


def newest() -> str | None:
    """The revision that this hostha needs."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def history() -> Sequence[str]:
    """All revisions, newest first, each in words."""
    return [f'{script.revision}: {script.doc}' for script in ScriptDirectory.from_config(_config()).walk_revisions()]


def differences(transactions: Transactions) -> list[str]:
    """What the tables in the database have other than hostha's models say; empty if they agree."""
    with transactions.read() as connection:
        return [repr(difference) for difference in compare_metadata(_context(connection), METADATA)]


@contextmanager
def _alembic() -> Iterator[None]:
    try:
        with _one_at_a_time:
            yield
    except CommandError as error:
        raise NotFound(f'schema: {error}') from error


def _context(connection: Connection) -> MigrationContext:
    return MigrationContext.configure(connection, opts={'version_table': VERSION_TABLE, 'compare_type': True})


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option('script_location', 'hostha.db:migrations')
    config.set_main_option('path_separator', 'os')
    config.attributes['connection'] = connection
    return config
