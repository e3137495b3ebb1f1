"""Which databases can be opened, and how."""

import sqlite3
import threading
import time

import pytest
import sqlalchemy as sa

from hostha.db import engine, open_database, transactions
from hostha.exceptions import ConfigError, StoreUnavailable
from hostha.settings import DatabaseSettings


@pytest.mark.parametrize('url', [
    'postgresql://u:geheim@h/d', 'oracle://u:geheim@h/d', 'nonsense', '', 'mysql://u:geheim@h:port/d', 'sqlite:////no/such/directory/x.sqlite'])
def test_what_cannot_be_opened(url) -> None:
    with pytest.raises(ConfigError) as caught:
        open_database(DatabaseSettings(url))
    assert caught.value.option == '[database] connection'
    assert 'geheim' not in str(caught.value)


@pytest.mark.parametrize('url', ['mysql://u:p@h/d', 'mariadb://u:p@h/d', 'mysql+mysqldb://u:p@h/d', 'mysql+pymysql://u:p@h/d'])
def test_every_name_of_mariadb_means_pymysql(url) -> None:
    opened = open_database(DatabaseSettings(url))
    assert opened.transactions.engine.url.drivername == 'mysql+pymysql'


def test_only_sqlite_has_a_clock_that_can_be_replaced() -> None:
    with pytest.raises(ConfigError):
        open_database(DatabaseSettings('mysql://u:p@h/d'), clock=time.time)


def test_a_password_is_never_shown() -> None:
    assert 'geheim' not in engine.displayed('mysql+pymysql://u:geheim@h/d')


def test_how_sqlite_is_run(tmp_path) -> None:
    opened = open_database(DatabaseSettings(f'sqlite:///{tmp_path}/x.sqlite'))
    pragmas = {}
    for name, transaction in (('durable', opened.transactions.write()), ('quick', opened.transactions.write(durable=False))):
        with transaction as connection:
            pragmas[name] = [connection.exec_driver_sql(f'PRAGMA {pragma}').scalar()
                             for pragma in ('journal_mode', 'foreign_keys', 'busy_timeout', 'synchronous')]
    full, normal = 2, 1
    assert pragmas == {'durable': ['wal', 1, 30000, full], 'quick': ['wal', 1, 30000, normal]}


def test_a_write_takes_the_file_when_it_begins_and_a_read_does_not(tmp_path) -> None:
    opened = open_database(DatabaseSettings(f'sqlite:///{tmp_path}/x.sqlite'))
    other = sqlite3.connect(f'{tmp_path}/x.sqlite', timeout=0, isolation_level=None)
    with opened.transactions.read() as connection:
        connection.exec_driver_sql('SELECT 1')
        other.execute('BEGIN IMMEDIATE')
        other.execute('ROLLBACK')
    with opened.transactions.write(), pytest.raises(sqlite3.OperationalError, match='locked'):
        other.execute('BEGIN IMMEDIATE')
    other.close()


def test_a_database_that_others_hold_for_too_long(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(transactions, 'LOCK_TIMEOUT', 0.05)
    opened = open_database(DatabaseSettings(f'sqlite:///{tmp_path}/x.sqlite'))
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with opened.transactions.write():
            held.set()
            done.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert held.wait(10)
        with pytest.raises(StoreUnavailable), opened.transactions.write():
            pass
    finally:
        done.set()
        thread.join(10)
    with opened.transactions.write() as connection:
        connection.exec_driver_sql('SELECT 1')


def test_a_server_that_is_not_there() -> None:
    opened = open_database(DatabaseSettings('mysql+pymysql://u:geheim@127.0.0.1:1/d'))
    with pytest.raises(StoreUnavailable) as caught:
        opened.store.records()
    assert 'geheim' not in str(caught.value)


def test_errors_that_are_not_about_being_there_stay_as_they_are() -> None:
    opened = open_database(DatabaseSettings('sqlite://'))
    opened.upgrade()
    with pytest.raises(sa.exc.IntegrityError), opened.transactions.write() as connection:
        connection.exec_driver_sql("INSERT INTO jobs (incident, host, expires, token, claims) VALUES ('x', NULL, 0, 1, 0)")
