"""TaskFlow's persistence on every database."""

import gc
import time

import pytest
import sqlalchemy as sa
from taskflow import engines, states
from taskflow import exceptions as taskflow_exceptions
from taskflow.persistence import models

from hostha.db import open_database
from hostha.db.flowstore import book_uuid, insert_book, insert_flow, not_before
from hostha.db.models import FLOWS
from hostha.ports import FlowSpec
from hostha.settings import DatabaseSettings
from tests.contract.incidents import FLOW, NOW, opened
from tests.contract.recipes import JOURNAL, TRAPS, broken, killed

LONG = 'ä' * 100_000


@pytest.fixture(autouse=True)
def _clean():
    JOURNAL.clear()
    TRAPS.clear()


def _engine(database, flow):
    detail = database.backend.get_connection().get_flow_details(flow)
    return engines.load_from_detail(detail, backend=database.backend)


def test_a_committed_flow_can_be_loaded_by_any_engine(database) -> None:
    record, _ = opened(database)
    detail = database.backend.get_connection().get_flow_details(record.flow)
    assert not_before(detail) == NOW + 10
    [in_book] = database.backend.get_connection().get_flows_for_book(book_uuid('alpha.1'))
    assert in_book.uuid == record.flow
    engine = _engine(database, record.flow)
    engine.run()
    assert JOURNAL == ['first', 'second', 'third']
    assert engine.storage.fetch('result of third') == {'step': 'third', 'host': 'alpha'}


def test_a_flow_of_a_dead_engine_goes_on_where_it_was(url) -> None:
    dead, alive = (open_database(DatabaseSettings(url)) for _ in range(2))
    dead.upgrade()
    record, _ = opened(dead)
    TRAPS['second'] = [killed]
    with pytest.raises(SystemExit):
        _engine(dead, record.flow).run()
    dead.close()
    engine = _engine(alive, record.flow)
    engine.run()
    assert JOURNAL == ['first', 'second', 'second', 'third']
    assert engine.storage.get_flow_state() == states.SUCCESS
    assert engine.storage.fetch('result of first') == {'step': 'first', 'host': 'alpha'}
    alive.close()


def test_the_history_of_a_retry_survives(database) -> None:
    record, _ = opened(database)
    TRAPS['second'] = [broken, broken, killed]
    with pytest.raises(SystemExit):
        _engine(database, record.flow).run()
    detail = database.backend.get_connection().get_flow_details(record.flow)
    [history] = [atom.results for atom in detail if isinstance(atom, models.RetryDetail)]
    assert [value for value, _ in history] == [1, 2, 3]
    assert [list(failures) for _, failures in history] == [['second'], ['second'], []]
    assert history[0][1]['second'].check('RuntimeError')


def test_long_results_are_kept(database) -> None:
    with database.transactions.write() as connection:
        insert_book(connection, 'alpha.1')
        flow = insert_flow(connection, 'alpha.1', FlowSpec('big', 'tests.contract.recipes.three_steps', {'host': LONG}))
    _engine(database, flow).run()
    detail = database.backend.get_connection().get_flow_details(flow)
    assert detail.meta['factory']['kwargs'] == {'host': LONG}
    assert {atom.name: atom.results for atom in detail}['first'] == {'step': 'first', 'host': LONG}


def test_atoms_are_written_once_and_flows_only_changed(database) -> None:
    record, _ = opened(database)
    _engine(database, record.flow).run()
    again = _engine(database, record.flow)
    again.compile()
    again.prepare()
    with database.transactions.read() as connection:
        names = connection.execute(sa.select(FLOWS.atomdetails.c.name)).scalars().all()
    assert sorted(names) == ['first', 'second', 'third', 'tries']


def test_what_is_not_there_is_not_updated(database) -> None:
    connection = database.backend.get_connection()
    with pytest.raises(taskflow_exceptions.NotFound):
        connection.update_atom_details(models.TaskDetail('x', 'no-such-atom'))
    with pytest.raises(taskflow_exceptions.NotFound):
        connection.update_flow_details(models.FlowDetail('x', 'no-such-flow'))
    with pytest.raises(taskflow_exceptions.StorageFailure):
        connection.upgrade()


def test_a_store_that_fails_is_told_at_once(database) -> None:
    record, _ = opened(database)

    def lose_the_table() -> None:
        with database.transactions.write() as connection:
            FLOWS.atomdetails.drop(connection)

    TRAPS['second'] = [lose_the_table]
    began = time.monotonic()
    with pytest.raises(taskflow_exceptions.StorageFailure):
        _engine(database, record.flow).run()
    assert time.monotonic() - began < 3
    assert JOURNAL == ['first', 'second']


def test_deleting_a_book_deletes_its_flows(database) -> None:
    record, _ = opened(database)
    _engine(database, record.flow).run()
    database.backend.get_connection().destroy_logbook(book_uuid('alpha.1'))
    with database.transactions.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(FLOWS.flowdetails)).scalar() == 0
        assert connection.execute(sa.select(sa.func.count()).select_from(FLOWS.atomdetails)).scalar() == 0


def test_no_tables_are_left_in_memory(database) -> None:
    with database.transactions.write() as connection:
        insert_book(connection, 'alpha.1')
        flows = [insert_flow(connection, 'alpha.1', FLOW) for _ in range(50)]
    _engine(database, flows[0]).run()
    before = _tables_in_memory()
    for flow in flows[1:]:
        _engine(database, flow).run()
    assert _tables_in_memory() == before


def _tables_in_memory() -> int:
    gc.collect()
    return sum(1 for thing in gc.get_objects() if isinstance(thing, sa.Table))
