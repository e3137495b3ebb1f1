"""The MariaDB of the tests: real, durable, and gone when it is told to go."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.beds.command import BedError
from tests.beds.fixtures import need
from tests.beds.mariadb import MariaDB
from tests.beds.processes import Process


@pytest.fixture(scope='module')
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDB]:
    need(MariaDB.reasons_against())
    with MariaDB(tmp_path_factory.mktemp('mariadb')) as server:
        yield server


@pytest.fixture
def mariadb(server: MariaDB) -> MariaDB:
    """The server of the module, up, whatever the last test did to it, with an empty database."""
    server.up()
    server.execute('DROP DATABASE IF EXISTS hostha')
    server.create_database('hostha')
    return server


def rows(mariadb: MariaDB) -> list[int]:
    engine = sa.create_engine(mariadb.url('hostha'), poolclass=sa.NullPool)
    with engine.connect() as connection:
        return list(connection.scalars(sa.text('SELECT number FROM numbers ORDER BY number')))


def insert(mariadb: MariaDB, number: int) -> None:
    engine = sa.create_engine(mariadb.url('hostha'), poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text('CREATE TABLE IF NOT EXISTS numbers (number INT)'))
        connection.execute(sa.text('INSERT INTO numbers VALUES (:number)'), {'number': number})


def test_a_commit_outlives_a_killed_server(mariadb: MariaDB) -> None:
    insert(mariadb, 1)
    mariadb.kill()
    assert not mariadb.running()
    with pytest.raises(sa.exc.OperationalError):
        rows(mariadb)
    mariadb.up()
    assert rows(mariadb) == [1]


def test_each_commit_is_flushed(mariadb: MariaDB) -> None:
    assert mariadb.execute('SELECT @@innodb_flush_log_at_trx_commit') == [['1']]


def test_it_is_up_again_in_seconds(mariadb: MariaDB) -> None:
    mariadb.down()
    start = time.monotonic()
    mariadb.up()
    assert time.monotonic() - start < 10


def test_down_leaves_no_process_and_may_be_repeated(mariadb: MariaDB) -> None:
    process = _process(mariadb)
    mariadb.down()
    mariadb.down()
    assert not process.running()
    assert not mariadb.running()


def test_another_process_may_stop_it(mariadb: MariaDB) -> None:
    process = _process(mariadb)
    MariaDB(mariadb.directory, port=mariadb.port).down()
    assert not process.running()
    assert not mariadb.running()


def test_two_servers_keep_out_of_each_others_way(mariadb: MariaDB, tmp_path: Path) -> None:
    with MariaDB(tmp_path / 'other') as other:
        other.create_database('hostha')
        insert(mariadb, 1)
        insert(other, 2)
        assert (rows(mariadb), rows(other)) == ([1], [2])


def test_a_server_that_cannot_start_says_why(mariadb: MariaDB, tmp_path: Path) -> None:
    with pytest.raises(BedError, match=r'(?s)ended while starting.*[Aa]ddress already in use'):
        MariaDB(tmp_path / 'other', port=mariadb.port).up()


def test_wrong_sql_is_an_error_in_the_servers_words(mariadb: MariaDB) -> None:
    with pytest.raises(BedError, match='error in your SQL syntax'):
        mariadb.execute('SELEKT 1')


def _process(mariadb: MariaDB) -> Process:
    """As MariaDB itself names it."""
    process = Process.of(int((mariadb.directory / 'server.pid').read_text()))
    assert process
    return process
