"""Every invariant is seen to fire, and the checks before it to let the right thing pass."""

from dataclasses import replace

import pytest

from hostha.core.book import Entry, Phase
from hostha.core.model import HostRecord, Proof
from hostha.core.states import State
from hostha.sim.checker import MAY, InvariantViolated
from tests.unit.sim.conftest import order

DOING = {
    'fence': lambda bench: bench.fencer.off(order('c1')),
    'stop_scheduling': lambda bench: bench.compute.stop_scheduling('c1', 'hostha: test'),
    'mark_down': lambda bench: bench.compute.mark_down('c1', 'hostha: test'),
    'evacuate': lambda bench: bench.servers.evacuate('s'),
    'reset': lambda bench: bench.servers.reset('s'),
    'delete': lambda bench: bench.servers.delete('s'),
    'unforce': lambda bench: bench.compute.unforce('c1'),
    'enable': lambda bench: bench.compute.enable('c1'),
    'enable-nova': lambda bench: bench.agents.send('enable-nova', 'c1', 1)}


def known_as(bench, state, proof=True):
    """The durable record of every host."""
    proven = Proof('ipmi', 'off', bench.world.stage.wall) if proof else None
    record = HostRecord('c1', state, epoch=1, incident='c1.1', proof=proven)
    bench.world.checker.records = lambda host: replace(record, name=host)


def prepared(bench):
    """c1 is off and down, s is on it."""
    bench.world.add_server('s', 'c1')
    bench.lose('c1')


@pytest.mark.parametrize('call', DOING)
@pytest.mark.parametrize('state', State)
def test_each_call_is_allowed_in_its_states_only(bench, call, state):
    prepared(bench)
    known_as(bench, state)
    if state in MAY[call]:
        DOING[call](bench)
        assert not bench.world.checker.violations
    else:
        with pytest.raises(InvariantViolated, match=f'{call} of c1 in the state {state}'):
            DOING[call](bench)
        assert bench.world.checker.violations


def test_nothing_at_all_is_allowed_in_suspect():
    assert not any(State.SUSPECT in states or State.ACTIVE in states for states in MAY.values())


def test_a_fence_event_is_held_to_the_same_rule(bench):
    known_as(bench, State.SUSPECT)
    with pytest.raises(InvariantViolated, match='fence of c1'):
        bench.agents.send('fence', 'c1', 1)


def test_no_fence_of_a_host_that_is_well(bench):
    bench.pass_time(10)
    with pytest.raises(InvariantViolated, match='all of whose networks are up'):
        bench.fencer.off(order('c1'))


def test_a_host_that_has_just_come_back_may_be_fenced_by_a_look_before(bench):
    bench.world.set_link('c1', 'storage', False)
    bench.pass_time(10)
    bench.world.set_link('c1', 'storage', True)
    bench.pass_time(0.5)
    bench.fencer.off(order('c1'))


def test_no_evacuation_from_a_host_that_is_on(bench):
    prepared(bench)
    bench.world.hosts['c1'].power = True
    with pytest.raises(InvariantViolated, match='evacuate of s from c1, which is on'):
        bench.servers.evacuate('s')


def test_no_evacuation_without_a_proof(bench):
    prepared(bench)
    known_as(bench, State.EVACUATING, proof=False)
    with pytest.raises(InvariantViolated, match='without a proof'):
        bench.servers.evacuate('s')


def test_a_host_that_booted_after_its_proof_has_lost_its_guests(bench):
    prepared(bench)
    known_as(bench, State.EVACUATING)
    bench.pass_time(1)
    bench.world.power_on('c1')
    bench.servers.evacuate('s')


def test_no_mark_down_of_a_host_that_is_on(bench):
    with pytest.raises(InvariantViolated, match='mark_down of c1, which is on'):
        bench.compute.mark_down('c1', 'hostha: test')


def test_no_second_evacuate_while_the_first_may_still_be_carried_out(bench):
    prepared(bench)
    bench.servers.evacuate('s')
    bench.pass_time(3)
    with pytest.raises(InvariantViolated, match='second evacuate of s'):
        bench.servers.evacuate('s')


def test_no_server_runs_twice(bench):
    bench.world.add_server('s', 'c1')
    bench.world.hosts['c2'].guests['s'] = True
    bench.world.stage.after(1, lambda: None)
    with pytest.raises(InvariantViolated, match='s runs twice: on c1 and on c2'):
        bench.pass_time(2)


def test_no_reset_of_a_soft_deleted_server(bench):
    bench.world.add_server('s', 'c1', 'soft-delete')
    bench.lose('c1')
    with pytest.raises(InvariantViolated, match='ruined'):
        bench.servers.reset('s')


def test_no_evacuation_that_undoes_a_delete(bench):
    bench.world.add_server('s', 'c1', task='deleting')
    bench.lose('c1')
    with pytest.raises(InvariantViolated, match='undone'):
        bench.servers.evacuate('s')


def lost(bench, state):
    """c1 was marked down with s on it, and its record is in this state now."""
    bench.world.add_server('s', 'c1')
    bench.world.power_off('c1')
    known_as(bench, State.FENCED)
    bench.compute.mark_down('c1', 'hostha: test')
    known_as(bench, state)


def test_no_server_is_forgotten(bench):
    lost(bench, State.RECOVERED)
    with pytest.raises(InvariantViolated, match='s of c1 was forgotten'):
        bench.world.checker.at_end(lambda incident: [])


@pytest.mark.parametrize(('phase', 'reason', 'accounted'), [
    (Phase.SKIPPED, 'soft-deleted', True), (Phase.FAILED, 'no room', True), (Phase.FAILED, '', False), (Phase.PENDING, 'waits', False)])
def test_a_server_that_was_not_moved_is_on_the_book_with_a_reason(bench, phase, reason, accounted):
    lost(bench, State.RECOVERED)
    book = [Entry('c1.1', 's', 's', 'active', 'c1', phase, reason=reason)]
    if accounted:
        bench.world.checker.at_end(lambda incident: book)
    else:
        with pytest.raises(InvariantViolated):
            bench.world.checker.at_end(lambda incident: book)


def test_a_host_that_is_not_through_has_forgotten_nothing(bench):
    lost(bench, State.EVACUATING)
    bench.world.checker.at_end(lambda incident: [])


def test_a_violation_bears_the_time_line(bench):
    with pytest.raises(InvariantViolated, match=r'(?s)which is on.*c2: power off'):
        bench.world.power_off('c2')
        bench.compute.mark_down('c1', 'hostha: test')
