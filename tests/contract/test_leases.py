"""ports.Leases on every database."""

import time
from dataclasses import replace
from functools import partial

import pytest

from hostha.core.states import Event
from hostha.db import open_database
from hostha.exceptions import StaleOwner
from hostha.ports import Job
from hostha.settings import DatabaseSettings
from tests.contract.incidents import at_once, decided, leave, opened

BOTH = ('alpha.1', 'beta.1')


def test_what_one_engine_holds_no_other_gets(database) -> None:
    _, job = opened(database)
    assert database.leases.claim('two', 10) == []
    assert database.leases.holds(job, 'one')
    assert not database.leases.holds(job, 'two')
    assert set(database.leases.renew('one', BOTH)) == {'alpha.1'}
    assert set(database.leases.renew('two', BOTH)) == set()


def test_an_expired_lease_goes_to_another_engine(database) -> None:
    record, job = opened(database)
    leave(database, job, -0.001)
    assert database.leases.claim('two', 10) == [Job('alpha.1', 'alpha', token=2, claims=1)]
    assert not database.leases.holds(job, 'one')
    assert set(database.leases.renew('one', BOTH)) == set()
    with pytest.raises(StaleOwner):
        database.store.commit(decided(record, Event.FENCE_CHOSEN), job, None, 'one')


def test_an_engine_that_claims_its_own_incident_again_has_a_new_token(database) -> None:
    record, job = opened(database)
    leave(database, job, -1)
    [again] = database.leases.claim('one', 10)
    assert not database.leases.holds(job, 'one') and database.leases.holds(again, 'one')
    with pytest.raises(StaleOwner):
        database.store.commit(decided(record, Event.FENCE_CHOSEN), job, None, 'one')


def test_an_expired_lease_is_not_renewed(database) -> None:
    _, job = opened(database)
    leave(database, job, -0.001)
    assert set(database.leases.renew('one', BOTH)) == set()
    assert len(database.leases.claim('two', 1)) == 1


def test_renewal_prolongs_all_leases(database) -> None:
    for name in ('alpha', 'beta'):
        leave(database, opened(database, name)[1], 1)
    assert set(database.leases.renew('one', BOTH)) == {'alpha.1', 'beta.1'}
    [(engine, left)] = database.history.engines()
    assert engine == 'one' and 10 < left <= 15


def test_a_claim_that_its_engine_does_not_know_of_is_not_renewed(database) -> None:
    for name in ('alpha', 'beta'):
        leave(database, opened(database, name)[1], 1)
    assert set(database.leases.renew('one', ['alpha.1'])) == {'alpha.1'}
    leave(database, Job('beta.1', 'beta', 1), -0.001)
    assert [job.incident for job in database.leases.claim('two', 10)] == ['beta.1']


@pytest.mark.parametrize(('left', 'enough'), [(4.5, False), (7.0, True)])
def test_a_lease_about_to_end_is_not_held_enough_to_act(database, left, enough) -> None:
    _, job = opened(database)
    leave(database, job, left)
    assert database.leases.holds(job, 'one') is enough


def test_released_leases_are_free_at_once(database) -> None:
    opened(database)
    database.leases.release('one')
    assert database.history.engines() == []
    assert database.leases.claim('two', 1) == [Job('alpha.1', 'alpha', token=2, claims=1)]


def test_at_most_as_many_as_asked_for_the_longest_orphaned_first(database) -> None:
    for number in range(4):
        leave(database, opened(database, f'host{number}')[1], number - 10)
    assert [job.incident for job in database.leases.claim('two', 3)] == ['host0.1', 'host1.1', 'host2.1']
    assert [job.incident for job in database.leases.claim('two', 3)] == ['host3.1']


def test_claims_are_counted_until_there_is_progress(database) -> None:
    record, job = opened(database)
    for claims in (1, 2, 3):
        leave(database, job, -1)
        [job] = database.leases.claim('two', 1)
        assert job.claims == claims
    _, job = database.store.commit(decided(record, Event.FENCE_CHOSEN), job, None, 'two')
    assert job.claims == 0
    leave(database, job, -1)
    assert database.leases.claim('two', 1) == [replace(job, token=job.token + 1, claims=1)]


def test_engines_that_race_for_orphans_never_get_the_same_one(database) -> None:
    jobs = [opened(database, f'host{number}')[1] for number in range(20)]
    database.leases.release('one')
    won = at_once(*(partial(database.leases.claim, name, 20) for name in ('a', 'b', 'c', 'd')))
    claimed = [job.incident for jobs in won for job in jobs]
    assert sorted(claimed) == sorted(job.incident for job in jobs)


def test_a_lease_ends_by_the_clock_of_the_database(url) -> None:
    database = open_database(DatabaseSettings(url), lease=0.5)
    database.upgrade()
    opened(database)
    assert database.leases.claim('two', 1) == []
    deadline = time.monotonic() + 10
    while not (claimed := database.leases.claim('two', 1)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [job.incident for job in claimed] == ['alpha.1']
    database.close()


def test_a_simulation_has_its_own_clock() -> None:
    now = [1000.0]
    database = open_database(DatabaseSettings('sqlite://'), lease=15, clock=lambda: now[0])
    database.upgrade()
    opened(database)
    now[0] = 1014.9
    assert database.leases.claim('two', 1) == []
    now[0] = 1015.0
    assert len(database.leases.claim('two', 1)) == 1
    assert database.history.incident('alpha.1').opened_at == 1000.0
    database.close()
