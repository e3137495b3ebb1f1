"""The databases on which the contracts of hostha.db are tested: SQLite, SQLite in memory, and MariaDB where it can run."""

from collections.abc import Iterator

import pytest

from hostha.db import Database, open_database
from hostha.settings import DatabaseSettings
from tests.beds.fixtures import need
from tests.beds.mariadb import MariaDB


@pytest.fixture(scope='session')
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDB]:
    """One server for all tests; each takes a database of its own."""
    need(MariaDB.reasons_against())
    with MariaDB(tmp_path_factory.mktemp('mariadb'), durable=False) as server:
        yield server


@pytest.fixture
def mariadb_url(mariadb: MariaDB) -> Iterator[str]:
    """The URL of a new, empty database on MariaDB."""
    mariadb.create_database('hostha_test')
    yield mariadb.url('hostha_test')
    mariadb.up()
    mariadb.execute('DROP DATABASE hostha_test')


@pytest.fixture(params=['sqlite', 'mariadb'])
def url(request: pytest.FixtureRequest, tmp_path) -> str:
    """The URL of a new, empty database that several processes can use."""
    if request.param == 'mariadb':
        return request.getfixturevalue('mariadb_url')
    return f'sqlite:///{tmp_path}/hostha.sqlite'


@pytest.fixture(params=['sqlite', 'memory', 'mariadb'])
def database(request: pytest.FixtureRequest, tmp_path) -> Iterator[Database]:
    """A new database with its tables; leases of 15 s."""
    urls = {'sqlite': f'sqlite:///{tmp_path}/hostha.sqlite', 'memory': 'sqlite://'}
    connection = urls.get(request.param) or request.getfixturevalue('mariadb_url')
    opened = open_database(DatabaseSettings(connection))
    opened.upgrade()
    yield opened
    opened.close()
