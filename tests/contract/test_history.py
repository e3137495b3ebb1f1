"""ports.History on every database."""

import pytest

from hostha.core.model import HostSpec
from hostha.core.states import Event
from hostha.exceptions import NotFound
from tests.contract.incidents import decided, opened


def test_incidents_newest_first_in_pages(database) -> None:
    for number in range(5):
        opened(database, f'host{number}')
    page = database.history.incidents(limit=3)
    assert [incident.host for incident in page] == ['host4', 'host3', 'host2']
    assert [incident.host for incident in database.history.incidents(limit=3, marker=page[-1].id)] == ['host1', 'host0']
    with pytest.raises(NotFound):
        database.history.incidents(marker='host9.1')


def test_incidents_of_one_host_or_open_ones(database) -> None:
    record, job = opened(database, 'alpha')
    opened(database, 'beta')
    database.store.commit(decided(record, Event.LOSS_CLEARED), job, None, 'one')
    assert [incident.id for incident in database.history.incidents(host='alpha')] == ['alpha.1']
    assert [incident.id for incident in database.history.incidents(open_only=True)] == ['beta.1']


def test_an_incident_and_its_transitions(database) -> None:
    record, job = opened(database)
    record, job = database.store.commit(decided(record, Event.FENCE_CHOSEN), job, None, 'one')
    incident = database.history.incident('alpha.1')
    assert (incident.reason, incident.outcome) == ('because of loss_seen', 'because of fence_chosen')
    assert (incident.host, incident.epoch, incident.closed_at) == ('alpha', 1, None)
    first, second = database.history.transitions('alpha.1')
    assert (first.before, first.event, first.after) == ('active', 'loss_seen', 'suspect')
    assert (second.before, second.event, second.after) == ('suspect', 'fence_chosen', 'isolated')
    assert (second.host, second.incident, second.epoch, second.engine, second.by) == ('alpha', 'alpha.1', 1, 'one', 'hostha')
    assert second.why and second.reason == 'because of fence_chosen' and second.at >= first.at >= incident.opened_at > 0


def test_an_incident_that_is_not_there(database) -> None:
    with pytest.raises(NotFound):
        database.history.incident('alpha.1')
    assert database.history.transitions('alpha.1') == []


def test_engines_at_work(database) -> None:
    opened(database, 'alpha', engine='one')
    opened(database, 'beta', engine='two')
    opened(database, 'gamma', engine='two')
    assert [engine for engine, left in database.history.engines() if 10 < left <= 15] == ['one', 'two']


def test_orders_newest_first_with_what_became_of_them(database) -> None:
    for host in ('alpha', 'beta'):
        database.registry.create(HostSpec(host))
    first, second, third = (database.registry.order(host, 'maintenance', 'new fan', 'ann') for host in ('alpha', 'beta', 'alpha'))
    database.store.close_order(first.id, 'not done: too late')
    assert [order.id for order in database.history.orders()] == [third.id, second.id, first.id]
    assert [order.id for order in database.history.orders(limit=2)] == [third.id, second.id]
    open_one, closed = database.history.orders(host='alpha')
    assert (open_one.id, open_one.closed_at, open_one.result) == (third.id, None, None)
    assert (closed.host, closed.action, closed.reason, closed.by) == ('alpha', 'maintenance', 'new fan', 'ann')
    assert closed.result == 'not done: too late' and closed.closed_at >= closed.ordered_at > 0
    assert database.history.order(first.id) == closed
    assert database.history.orders(host='nobody') == []


def test_an_order_that_is_not_there(database) -> None:
    with pytest.raises(NotFound):
        database.history.order(1)
