"""Which database, and how to talk to it: SQLite (embedded) or MariaDB/MySQL, by one URL.

SQLite is run so that threads and processes may share a file without failures: a write-ahead log, write transactions that take the
file's lock when they begin (``BEGIN IMMEDIATE``; one that would only find out at its first write fails at once if another process
wrote meanwhile), and one lock per file and process, so that threads queue up instead of polling for the file's lock.
"""

import os
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine, make_url

from hostha.exceptions import ConfigError

OPTION = '[database] connection'
SYNCHRONOUS = 'hostha_synchronous'
"""Execution option of write transactions: SQLite's ``PRAGMA synchronous`` for them. A transaction without it only reads."""

LOCK_TIMEOUT = 30.0
"""Seconds to wait for another writer, or for a free connection."""

_CONNECT_TIMEOUT = 5
_CALL_TIMEOUT = 20
_SESSION = ("SET SESSION time_zone = '+00:00', "  # in local time UNIX_TIMESTAMP(NOW()) jumps when daylight saving ends
            'innodb_lock_wait_timeout = 10')

_write_locks: weakref.WeakValueDictionary[str, Any] = weakref.WeakValueDictionary()
_guard = threading.Lock()


@dataclass(frozen=True, slots=True)
class Source:
    """A database. now: SQL expression for its clock, wall seconds. write_lock: held during a write transaction; None if there is no
    need. durable: whether what is committed shall outlive a loss of power."""

    engine: Engine
    now: sa.ColumnElement[float]
    write_lock: 'threading.Lock | None'
    durable: bool


def open_source(connection: str, *, durable: bool = True, clock: Callable[[], float] | None = None) -> Source:
    """The database at an SQLAlchemy URL; touches no file and no network yet.

    ``sqlite://`` is a database in memory for this one source, usable from several threads, one at a time. durable=False: faster on
    SQLite, and a loss of power may ruin the file. clock: takes the place of SQLite's clock, for virtual time. ConfigError.
    """
    url = _parsed(connection)
    if url.get_backend_name() == 'sqlite':
        return _sqlite(url, durable, clock or time.time)
    if clock:
        raise ConfigError(OPTION, displayed(url), 'only SQLite can run on a clock that is not its own')
    return _mysql(url)


def displayed(url: URL | str) -> str:
    """The URL without its password."""
    return make_url(url).render_as_string(hide_password=True)


def _parsed(connection: str) -> URL:
    try:
        url = make_url(connection)
    except (sa.exc.ArgumentError, ValueError):
        # the text is not repeated: nobody can tell where a password in it would be
        raise ConfigError(OPTION, '...', 'must be a URL like sqlite:////var/lib/hostha/hostha.sqlite or mysql+pymysql://...') from None
    if url.get_backend_name() in ('mysql', 'mariadb'):
        return url.set(drivername='mysql+pymysql')
    if url.drivername not in ('sqlite', 'sqlite+pysqlite'):
        raise ConfigError(OPTION, displayed(url), 'must be SQLite, MariaDB or MySQL')
    return url


def _sqlite(url: URL, durable: bool, clock: Callable[[], float]) -> Source:
    in_memory = url.database in (None, '', ':memory:')
    if not in_memory:
        _check_directory(url)
    # the only connection to a database in memory is handed from thread to thread by the pool
    pool = {'pool_size': 1, 'max_overflow': 0} if in_memory else {'pool_size': 16, 'max_overflow': 16}
    engine = sa.create_engine(url, poolclass=sa.QueuePool, pool_timeout=LOCK_TIMEOUT, hide_parameters=True, **pool,
                              connect_args={'timeout': LOCK_TIMEOUT, 'check_same_thread': False})
    sa.event.listen(engine, 'connect', lambda connection, _: _prepare_sqlite(connection, clock))
    sa.event.listen(engine, 'begin', _begin_sqlite)
    lock = threading.Lock() if in_memory else _write_lock(os.path.realpath(str(url.database)))
    return Source(engine, sa.func.hostha_now(type_=sa.Double), lock, durable)


def _check_directory(url: URL) -> None:
    directory = os.path.dirname(os.path.abspath(str(url.database)))
    if not os.path.isdir(directory):
        raise ConfigError(OPTION, displayed(url), f'the directory {directory} does not exist')


def _prepare_sqlite(connection: Any, clock: Callable[[], float]) -> None:
    connection.isolation_level = None  # transactions begin where we say so
    connection.create_function('hostha_now', 0, clock)
    connection.execute('PRAGMA journal_mode = WAL')
    connection.execute('PRAGMA foreign_keys = ON')


def _begin_sqlite(connection: Connection) -> None:
    synchronous = connection.get_execution_options().get(SYNCHRONOUS)
    if synchronous:
        connection.exec_driver_sql(f'PRAGMA synchronous = {synchronous}')
    connection.exec_driver_sql('BEGIN IMMEDIATE' if synchronous else 'BEGIN')


def _write_lock(path: str) -> threading.Lock:
    with _guard:
        lock: threading.Lock | None = _write_locks.get(path)
        if lock is None:
            lock = _write_locks[path] = threading.Lock()
        return lock


def _mysql(url: URL) -> Source:
    engine = sa.create_engine(
        url, pool_pre_ping=True, pool_recycle=3600, pool_size=16, max_overflow=16, pool_timeout=LOCK_TIMEOUT, hide_parameters=True,
        isolation_level='READ COMMITTED',
        connect_args={'connect_timeout': _CONNECT_TIMEOUT, 'read_timeout': _CALL_TIMEOUT, 'write_timeout': _CALL_TIMEOUT,
                      'charset': 'utf8mb4', 'sql_mode': 'TRADITIONAL', 'init_command': _SESSION})
    now = sa.func.unix_timestamp(sa.func.now(sa.literal_column('6')), type_=sa.Double)
    return Source(engine, now, None, True)
