"""The rule by which a server is moved: above all, never ordered while an order may be under way."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostha.core.book import (
    LEFT_ALONE,
    LOST_ORDER_AFTER,
    RESETTABLE,
    Act,
    Entry,
    Evacuation,
    Phase,
    Server,
    highest,
    may_order,
    new_entries,
    next_act,
    remaining,
    summary,
)

PENDING = Entry('h1.1', 's1', 'web', 'active', 'h1')
ORDERED = replace(PENDING, phase=Phase.ORDERED, attempts=1, floor=10, ordered_at=100.0, answered=True)
ON_H1 = Server('s1', 'web', 'h1', 'active')


def record(status: str, number: int = 11, destination: str = '') -> Evacuation:
    return Evacuation(number, 's1', 'h1', destination, status)


def act(entry: Entry, server: Server | None, *records: Evacuation, doubted: float = 1.0, dead=()):
    return next_act(entry, server, records, doubted, dead).act


def test_a_server_that_was_not_ordered_is_ordered():
    for state in ('active', 'stopped', 'error'):
        assert act(PENDING, replace(ON_H1, state=state)) is Act.ORDER


@pytest.mark.parametrize('state', RESETTABLE)
def test_states_that_nova_refuses_are_reset_first(state):
    assert act(PENDING, replace(ON_H1, state=state)) is Act.RESET


@pytest.mark.parametrize('state', LEFT_ALONE)
def test_states_that_must_not_be_touched_are_skipped(state):
    assert act(PENDING, replace(ON_H1, state=state)) is Act.SKIP


def test_a_delete_under_way_is_done_again_not_undone():
    assert act(PENDING, replace(ON_H1, task='deleting')) is Act.DELETE


@pytest.mark.parametrize('task', ['powering-off', 'rebuilding', 'resize_prep', 'migrating'])
def test_a_task_that_the_loss_interrupted_is_no_obstacle(task):
    assert act(PENDING, replace(ON_H1, task=task)) is Act.ORDER


def test_an_evacuation_that_somebody_else_ordered_is_followed_but_a_leftover_record_is_no_obstacle():
    assert act(PENDING, replace(ON_H1, task='rebuilding'), record('accepted')) is Act.WAIT
    assert act(PENDING, ON_H1, record('pre-migrating')) is Act.ORDER


def test_moved_is_a_server_seen_on_another_host_in_its_former_state():
    assert act(ORDERED, replace(ON_H1, host='h2')) is Act.MOVED
    assert act(ORDERED, replace(ON_H1, host='h2', task='rebuild_spawning')) is Act.WAIT
    assert act(ORDERED, replace(ON_H1, host='h2', state='error')) is Act.FAILED


def test_a_server_that_was_stopped_is_stopped_again():
    stopped = replace(ORDERED, former_state='stopped')
    assert act(stopped, replace(ON_H1, host='h2')) is Act.STOP
    assert act(stopped, replace(ON_H1, host='h2', state='stopped')) is Act.MOVED


def test_a_server_deleted_meanwhile_is_done():
    assert act(ORDERED, None) is Act.SKIP
    assert act(PENDING, replace(ON_H1, state='deleted')) is Act.SKIP


@pytest.mark.parametrize('status', ['accepted', 'pre-migrating', 'done', 'completed'])
def test_what_was_ordered_is_followed_whatever_its_record_says(status):
    assert act(ORDERED, ON_H1, record(status)) is Act.WAIT


@pytest.mark.parametrize('status', ['error', 'failed'])
def test_a_failure_is_taken_from_the_record_of_this_try(status):
    failed = replace(ON_H1, state='error', fault='No valid host was found.')
    assert act(ORDERED, failed, record(status)) is Act.FAILED
    assert act(ORDERED, failed, record(status, 10)) is Act.WAIT


def test_a_target_that_is_proven_off_ends_the_try():
    spawning = replace(ON_H1, task='rebuild_spawning')
    assert act(ORDERED, spawning, record('pre-migrating', destination='h2')) is Act.WAIT
    assert act(ORDERED, spawning, record('pre-migrating', destination='h2'), dead=['h2']) is Act.FAILED


def test_an_order_that_nova_never_answered_is_looked_for_before_it_is_sent_again():
    doubtful = replace(ORDERED, answered=False)
    assert act(doubtful, ON_H1, doubted=LOST_ORDER_AFTER - 1) is Act.WAIT
    assert act(doubtful, ON_H1, doubted=LOST_ORDER_AFTER) is Act.FAILED
    assert act(doubtful, ON_H1, record('accepted'), doubted=LOST_ORDER_AFTER) is Act.WAIT
    assert act(ORDERED, ON_H1, doubted=1e9) is Act.WAIT


servers = st.builds(Server, st.just('s1'), st.just('web'), st.sampled_from(['h1', 'h2', '']),
                    st.sampled_from(['active', 'stopped', 'error', 'paused', 'deleted', 'shelved_offloaded', 'strange']),
                    st.sampled_from(['', 'rebuilding', 'rebuild_spawning', 'deleting', 'powering-off']))
records = st.lists(st.builds(record, st.sampled_from(['accepted', 'pre-migrating', 'done', 'completed', 'error', 'failed']),
                             st.integers(1, 20), st.sampled_from(['', 'h2', 'h3'])), max_size=4)


@given(st.none() | servers, records, st.floats(0, 1000), st.booleans(), st.sets(st.sampled_from(['h2', 'h3'])))
def test_what_was_ordered_is_never_ordered_again(server, found, doubted, answered, dead):
    assert next_act(replace(ORDERED, answered=answered), server, found, doubted, dead).act is not Act.ORDER


@given(servers.filter(lambda server: server.host != 'h1'), records)
def test_a_server_on_another_host_is_never_ordered(server, found):
    assert next_act(PENDING, server, found, 0.0).act is not Act.ORDER


def test_an_evacuation_of_somebody_else_to_a_host_that_died_is_no_obstacle():
    spawning = replace(ON_H1, task='rebuild_spawning')
    assert act(PENDING, spawning, record('pre-migrating', destination='h2')) is Act.WAIT
    assert act(PENDING, spawning, record('pre-migrating', destination='h2'), dead=['h2']) is Act.ORDER


def test_what_sits_out_a_pause_holds_up_nobody():
    tried = replace(PENDING, server='s0', attempts=1)
    book = [tried, *(replace(PENDING, server=f's{n}') for n in range(1, 4))]
    assert [entry.server for entry in book if may_order(entry, book, 2)] == ['s0', 's1', 's2']
    assert not may_order(tried, [replace(tried, server=f'x{n}', phase=Phase.ORDERED) for n in range(2)], 2)


def test_only_so_many_are_in_flight_in_the_order_of_the_book():
    book = [replace(PENDING, server=f's{n}', phase=Phase.ORDERED if n == 1 else Phase.PENDING) for n in range(1, 6)]
    assert [entry.server for entry in book if may_order(entry, book, 3)] == ['s2', 's3']
    assert not any(may_order(entry, book, 1) for entry in book)


def test_new_entries_leave_out_servers_elsewhere_and_known_ones():
    listed = [Server('s3', 'c', 'h1', 'stopped', created='2'), Server('s2', 'b', 'h2', 'active'), ON_H1,
              Server('s4', 'd', 'h1', 'active', created='1')]
    fresh = new_entries('h1.1', 'h1', listed, [PENDING])
    assert [(entry.server, entry.former_state) for entry in fresh] == [('s4', 'active'), ('s3', 'stopped')]


def test_the_book_in_words():
    assert summary([PENDING, ORDERED, replace(PENDING, phase=Phase.MOVED)]) == '1 pending, 1 ordered, 1 moved'
    assert summary([]) == 'no servers'
    assert remaining([PENDING, replace(PENDING, phase=Phase.SKIPPED), ORDERED]) == [ORDERED, PENDING]
    assert highest([record('done', 3), record('done', 7)]) == 7
    assert highest([]) == 0
