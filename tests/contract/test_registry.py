"""ports.Registry on every database."""

from dataclasses import replace

import pytest

from hostha.core.model import HostSpec, LevelSpec
from hostha.core.states import Event, State
from hostha.exceptions import Conflict, NotFound, StaleOwner
from tests.contract.incidents import at_once, decided, leave, opened

SPEC = HostSpec('alpha', True, (LevelSpec('ipmi', {'ip': '10.0.0.1'}),), {'management': '10.0.0.2'})


def test_a_new_host_is_active(database) -> None:
    created = database.registry.create(SPEC)
    assert created.spec == SPEC
    assert created.record.state is State.ACTIVE and created.record.incident is None and created.record.since > 0
    assert database.registry.host('alpha') == created
    assert database.registry.hosts() == [created]


def test_a_name_is_taken_once(database) -> None:
    database.registry.create(SPEC)
    with pytest.raises(Conflict):
        database.registry.create(HostSpec('alpha'))
    assert database.registry.host('alpha').spec == SPEC


def test_of_two_that_take_a_name_one_wins(database) -> None:
    results = at_once(*(lambda: database.registry.create(SPEC) for _ in range(2)))
    assert sorted(type(result).__name__ for result in results) == ['Conflict', 'RegisteredHost']


def test_an_update_leaves_the_state_alone(database) -> None:
    record, _ = opened(database)
    updated = database.registry.update(SPEC)
    assert (updated.spec, updated.record) == (SPEC, record)
    assert database.store.specs() == [SPEC]


def test_a_host_that_is_not_there(database) -> None:
    for call in (lambda: database.registry.host('x'), lambda: database.registry.update(HostSpec('x')),
                 lambda: database.registry.delete('x'), lambda: database.registry.order('x', 'retry', '', 'ann')):
        with pytest.raises(NotFound):
            call()


def test_a_deleted_host_is_gone_and_its_incidents_stay(database) -> None:
    record, job = opened(database)
    record, _ = database.store.commit(decided(record, Event.MAINTENANCE_STARTED), None, None, 'one')
    database.registry.delete('alpha')
    assert database.registry.hosts() == database.store.records() == database.store.specs() == []
    leave(database, job, -1)
    assert database.leases.claim('two', 1) == []
    incident = database.history.incident('alpha.1')
    assert incident.closed_at is not None and 'deleted' in incident.outcome
    with pytest.raises(NotFound):
        database.store.record('alpha')


def test_a_host_in_the_middle_of_its_recovery_is_not_deleted(database) -> None:
    opened(database)
    with pytest.raises(Conflict):
        database.registry.delete('alpha')
    assert database.registry.host('alpha')


def test_a_host_entered_again_goes_on_above_its_former_epoch(database) -> None:
    record, job = opened(database)
    record, _ = database.store.commit(decided(record, Event.LOSS_CLEARED), job, None, 'one')
    former = record
    database.registry.delete('alpha')
    again = database.registry.create(HostSpec('alpha')).record
    assert again.epoch == 1 and again.state is State.ACTIVE
    for version in range(former.version + 1):
        late = decided(replace(former, version=version), Event.LOSS_SEEN)
        with pytest.raises(StaleOwner):
            database.store.commit(late, None, None, 'one')
    record, _ = database.store.commit(decided(again, Event.LOSS_SEEN), None, None, 'one')
    assert record.incident == 'alpha.2'


def test_an_order(database) -> None:
    database.registry.create(SPEC)
    order = database.registry.order('alpha', 'confirm-off', 'seen with my own eyes', 'ann')
    assert (order.host, order.action, order.reason, order.by) == ('alpha', 'confirm-off', 'seen with my own eyes', 'ann')
    assert order.id > 0
