"""ports.Registry on every database."""

from dataclasses import replace
from functools import partial

import pytest

from hostha.core.book import Entry, Phase
from hostha.core.model import HostSpec, LevelSpec
from hostha.core.states import Event, State
from hostha.exceptions import Conflict, NotFound, StaleOwner
from tests.contract.incidents import at_once, decided, leave, opened, snapshot

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
    updated = database.registry.update('alpha', ha_enabled=False, addresses=SPEC.addresses, fencing=SPEC.fencing)
    assert (updated.spec, updated.record) == (replace(SPEC, ha_enabled=False), record)
    assert database.store.specs() == [updated.spec]


@pytest.mark.parametrize('given', [{}, {'ha_enabled': False}, {'addresses': {}}, {'fencing': ()}, {'fencing': (LevelSpec('operator'),)}])
def test_an_update_changes_what_is_given_alone(database, given) -> None:
    database.registry.create(SPEC)
    database.registry.create(replace(SPEC, name='beta'))
    assert database.registry.update('alpha', **given).spec == replace(SPEC, **given)
    assert database.store.specs() == [replace(SPEC, **given), replace(SPEC, name='beta')]


def test_two_updates_at_once_lose_nothing(database) -> None:
    update = database.registry.update
    for number in range(5):
        database.registry.create(HostSpec(f'host{number}'))
        at_once(partial(update, f'host{number}', ha_enabled=False), partial(update, f'host{number}', addresses={'tenant': '10.1.0.1'}))
    assert database.store.specs() == [HostSpec(f'host{number}', False, addresses={'tenant': '10.1.0.1'}) for number in range(5)]


def test_a_host_that_is_not_there(database) -> None:
    for call in (lambda: database.registry.host('x'), lambda: database.registry.update('x', ha_enabled=False),
                 lambda: database.registry.update('x'),
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


PHASES = {'web': Phase.MOVED, 'db': Phase.ORDERED, 'mail': Phase.PENDING, 'old': Phase.SKIPPED, 'gone': Phase.FAILED}


def with_book(database, event: Event, phases: dict[str, Phase]) -> None:
    """The host alpha, to whom ``event`` happened in its incident, with servers on its book."""
    record, job = opened(database)
    database.book.add(Entry('alpha.1', name, name, 'active', 'alpha', phase) for name, phase in phases.items())
    database.book.add([Entry('beta.1', 'other', 'other', 'active', 'beta')])
    database.store.commit(decided(record, event), job, None, 'one')


def test_a_host_in_error_is_not_deleted_before_its_servers_have_ended(database) -> None:
    with_book(database, Event.FLOW_FAILED, PHASES)
    before = snapshot(database)
    with pytest.raises(Conflict, match=r'2 servers on its book have not ended \(1 pending, 1 ordered\): order retry .* or reset'):
        database.registry.delete('alpha')
    assert snapshot(database) == before
    for entry in database.book.entries('alpha.1'):
        database.book.save(replace(entry, phase=Phase.MOVED))
    database.registry.delete('alpha')
    assert database.history.incident('alpha.1').outcome == 'the host was deleted'


def test_a_host_in_error_is_deleted_once_the_operator_has_given_its_servers_up(database) -> None:
    with_book(database, Event.FLOW_FAILED, PHASES)
    record = database.store.record('alpha')
    database.store.commit(decided(record, Event.RESET_ORDERED, by='ann'), None, None, 'one')
    database.registry.delete('alpha')
    assert database.registry.hosts() == []


def test_the_servers_that_a_host_in_maintenance_leaves_behind_are_on_record(database) -> None:
    with_book(database, Event.MAINTENANCE_STARTED, PHASES)
    database.registry.delete('alpha')
    outcome = database.history.incident('alpha.1').outcome
    assert outcome == 'the host was deleted; servers on its book that had not ended: 1 pending, 1 ordered'


def test_open_orders_end_with_the_host_and_are_not_those_of_a_later_one(database) -> None:
    database.registry.create(SPEC)
    database.registry.create(HostSpec('beta'))
    done, late, other = (database.registry.order(host, 'maintenance', 'new fan', 'ann').id for host in ('alpha', 'alpha', 'beta'))
    database.store.close_order(done, 'done')
    database.registry.delete('alpha')
    database.registry.create(SPEC)
    assert [order.id for order in database.store.orders()] == [other]
    assert [database.history.order(order).result for order in (done, late, other)] == ['done', 'not done: the host was deleted', None]


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
