"""ports.Store on every database."""

from dataclasses import replace
from functools import partial

import pytest
import sqlalchemy as sa

from hostha.core.model import HostSpec, LevelSpec, Proof
from hostha.core.states import Command, Event, Response, State
from hostha.db import open_database
from hostha.exceptions import NotFound, StaleOwner, StoreUnavailable
from hostha.ports import FlowSpec, Job
from hostha.settings import DatabaseSettings
from tests.contract.incidents import FLOW, NOW, at_once, decided, leave, opened, snapshot


def test_specs_come_back_as_entered(database) -> None:
    beta = HostSpec('beta', False, (LevelSpec('ipmi', {'ip': '10.0.0.1', 'cipher': 'ü'}), LevelSpec('operator')), {'tenant': '10.1.0.1'})
    database.registry.create(beta)
    database.registry.create(HostSpec('alpha'))
    assert database.store.specs() == [HostSpec('alpha'), beta]


def test_opening_an_incident(database) -> None:
    record, job = opened(database)
    assert record.state is State.SUSPECT and record.incident == 'alpha.1' and record.flow
    assert job == Job('alpha.1', 'alpha', token=1, claims=0)
    assert database.store.record('alpha') == record
    assert database.store.records() == [record]
    assert [transition.event for transition in database.history.transitions('alpha.1')] == [Event.LOSS_SEEN]


def test_every_field_of_a_record_is_stored(database) -> None:
    record, job = opened(database)
    full = replace(record, version=2, command=Command.FENCE, response=Response.FENCE, pattern='0?1', reason='Grund: Stromausfall ⚡',
                   proof=Proof('ipmi', 'read back as off', NOW), out_of_service=True, marked_down=True, stalls=3, since=NOW + 0.123456)
    stored, _ = database.store.commit(replace(decided(record, Event.FENCE_CHOSEN), record=full), job, None, 'one')
    assert stored == replace(full, flow=None)
    assert database.store.record('alpha') == stored


def test_going_on_replaces_the_flow(database) -> None:
    record, job = opened(database)
    stored, kept = database.store.commit(decided(record, Event.FENCE_CHOSEN), job, FlowSpec('fence', 'x.fence'), 'one')
    assert kept == job and stored.flow not in (None, record.flow)
    assert database.backend.get_connection().get_flow_details(stored.flow).name == 'fence'


def test_closing_an_incident_ends_its_job(database) -> None:
    record, job = opened(database)
    stored, kept = database.store.commit(decided(record, Event.LOSS_CLEARED), job, None, 'one')
    assert kept is None and stored.state is State.ACTIVE and stored.flow is None
    leave(database, job, -1)
    assert database.leases.claim('two', 10) == []
    assert database.history.incident('alpha.1').closed_at is not None


def test_a_lost_swap_changes_nothing(database) -> None:
    record, job = opened(database)
    late = decided(replace(record, version=record.version - 1), Event.LOSS_CLEARED)
    before = snapshot(database)
    with pytest.raises(StaleOwner):
        database.store.commit(late, job, FLOW, 'one')
    assert snapshot(database) == before


@pytest.mark.parametrize('wrong', [{'token': 2}, {'incident': 'alpha.7'}])
def test_a_job_that_is_not_held_changes_nothing(database, wrong) -> None:
    record, job = opened(database)
    before = snapshot(database)
    with pytest.raises(StaleOwner):
        database.store.commit(decided(record, Event.LOSS_CLEARED), replace(job, **wrong), FLOW, 'one')
    with pytest.raises(StaleOwner):
        database.store.commit(decided(record, Event.LOSS_CLEARED), job, FLOW, 'another')
    assert snapshot(database) == before


def test_an_owner_whose_lease_has_expired_changes_nothing(database) -> None:
    record, job = opened(database)
    leave(database, job, -1)
    before = snapshot(database)
    with pytest.raises(StaleOwner):
        database.store.commit(decided(record, Event.FENCE_CHOSEN), job, FLOW, 'one')
    assert snapshot(database) == before


def test_a_commit_that_fails_at_its_end_changes_nothing(database) -> None:
    record, job = opened(database)
    before = snapshot(database)
    with pytest.raises(sa.exc.SQLAlchemyError):
        database.store.commit(decided(record, Event.FENCE_CHOSEN), job, FlowSpec('bad', 'x.bad', {'no': object()}), 'one')
    assert snapshot(database) == before


def test_of_two_engines_that_open_an_incident_one_wins(database) -> None:
    for number in range(5):
        record = database.registry.create(HostSpec(f'host{number}')).record
        decision = decided(record, Event.LOSS_SEEN)
        results = at_once(*(partial(database.store.commit, decision, None, FLOW, engine) for engine in ('one', 'two')))
        assert [type(result) for result in results if isinstance(result, Exception)] == [StaleOwner]
        assert len(database.history.transitions(f'host{number}.1')) == 1


def test_an_order_of_an_operator_needs_no_claim(database) -> None:
    record, job = opened(database)
    stored, kept = database.store.commit(decided(record, Event.MAINTENANCE_STARTED, by='ann'), None, None, 'two')
    assert stored.state is State.MAINTENANCE and kept is None
    assert database.leases.holds(job, 'one')
    assert database.history.transitions('alpha.1')[-1].by == 'ann'


def test_orders_are_carried_out_once_and_in_order(database) -> None:
    database.registry.create(HostSpec('alpha'))
    first = database.registry.order('alpha', 'maintenance', 'new fan', 'ann')
    second = database.registry.order('alpha', 'resume', 'done', 'bob')
    assert database.store.orders() == [first, second]
    database.store.close_order(first.id, 'done')
    database.store.close_order(first.id, 'late')
    assert database.store.orders() == [second]
    with pytest.raises(NotFound):
        database.store.close_order(99, 'done')


def test_a_host_that_is_not_there(database) -> None:
    with pytest.raises(NotFound):
        database.store.record('nobody')


def test_names_that_differ_in_case_are_different(database) -> None:
    opened(database, 'alpha')
    opened(database, 'Alpha')
    assert {record.incident for record in database.store.records()} == {'alpha.1', 'Alpha.1'}


def test_a_server_that_is_gone_and_comes_back(mariadb, mariadb_url) -> None:
    database = open_database(DatabaseSettings(mariadb_url))
    database.upgrade()
    record, job = opened(database)
    mariadb.down()
    with pytest.raises(StoreUnavailable) as caught:
        database.store.commit(decided(record, Event.LOSS_CLEARED), job, None, 'one')
    assert 'bed' not in str(caught.value)
    mariadb.up()
    database.store.commit(decided(record, Event.LOSS_CLEARED), job, None, 'one')
    database.close()


def test_an_order_ends_in_the_transaction_that_carries_it_out_and_never_twice(database) -> None:
    record, job = opened(database)
    order = database.registry.order('alpha', 'maintenance', 'disk swap', 'alice')
    assert (order.epoch, order.ordered_at > 1e9) == (record.epoch, True)
    after, job = database.store.commit(decided(record, Event.MAINTENANCE_STARTED), job, None, 'one', order.id)
    assert database.store.orders() == []
    assert database.history.order(order.id).result == 'done'
    with pytest.raises(StaleOwner):
        database.store.commit(decided(after, Event.MAINTENANCE_ENDED), job, None, 'one', order.id)
    assert database.store.record('alpha') == after
