"""The migrations on every database."""

import pytest
import sqlalchemy as sa

from hostha.db import migrate, open_database
from hostha.exceptions import ConfigError, NotFound
from hostha.settings import DatabaseSettings


@pytest.fixture
def empty(url):
    opened = open_database(DatabaseSettings(url))
    yield opened
    opened.close()


def _tables(database) -> set[str]:
    with database.transactions.read() as connection:
        return set(sa.inspect(connection).get_table_names())


def test_up_and_down_and_up_again(empty) -> None:
    with pytest.raises(ConfigError, match='hostha-db-manage upgrade head'):
        empty.check()
    empty.upgrade()
    empty.check()
    assert migrate.current(empty.transactions) == migrate.newest()
    empty.upgrade()
    migrate.downgrade(empty.transactions, 'base')
    assert _tables(empty) == {migrate.VERSION_TABLE}
    assert migrate.current(empty.transactions) is None
    empty.upgrade()
    empty.check()


def test_the_migrations_make_what_the_models_say(empty) -> None:
    empty.upgrade()
    assert migrate.differences(empty.transactions) == []


@pytest.mark.parametrize('change', [
    'DROP INDEX transitions_by_incident', 'ALTER TABLE jobs ADD COLUMN more INTEGER', 'DROP TABLE atomdetails'])
def test_a_table_that_is_other_than_the_models_say_is_found(empty, change) -> None:
    empty.upgrade()
    with empty.transactions.write() as connection:
        table = ' ON transitions' if connection.dialect.name == 'mysql' and 'INDEX' in change else ''
        connection.exec_driver_sql(change + table)
    assert migrate.differences(empty.transactions) != []


def test_a_revision_that_is_not_there(empty) -> None:
    with pytest.raises(NotFound):
        migrate.upgrade(empty.transactions, 'nonsense')
    assert migrate.current(empty.transactions) is None


def test_flow_tables_hold_long_texts(mariadb, mariadb_url) -> None:
    database = open_database(DatabaseSettings(mariadb_url))
    database.upgrade()
    types = mariadb.execute("SELECT DISTINCT data_type, character_set_name FROM information_schema.columns "
                            "WHERE table_schema = 'hostha_test' AND table_name = 'atomdetails' AND column_name LIKE '%result%'")
    assert types == [['longtext', 'utf8mb4']]
    database.close()
