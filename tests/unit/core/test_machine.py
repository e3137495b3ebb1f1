"""The machine: total, pure, and true to its invariants under any order of events."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from hostha.core.machine import STALL_PAUSES, acceptable, step
from hostha.core.model import Happening, HostRecord, Proof
from hostha.core.states import Command, Event, Response, State
from hostha.core.table import IGNORED, OPERATORS, ROWS, TABLE
from hostha.exceptions import InvalidTransition

PROOF = Proof('fence_agent', 'read back as off', 5.0)
PAIRS = list(itertools.product(State, Event))


def in_state(state: State, **changes: object) -> HostRecord:
    record = HostRecord('h1', state=state, epoch=3, version=7, incident=None if state is State.ACTIVE else 'h1.3')
    return replace(record, **changes)  # type: ignore[arg-type]


def happening(event: Event, **changes: object) -> Happening:
    proof = PROOF if event in (Event.HOST_FENCED, Event.OFF_CONFIRMED) else None
    return replace(Happening(event, 'because', proof=proof), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(('state', 'event'), PAIRS)
def test_every_pair_is_a_row_or_ignored_with_a_reason(state, event):
    assert ((state, event) in ROWS) != ((state, event) in IGNORED)
    assert IGNORED.get((state, event), 'a row')
    decision = step(in_state(state), happening(event), now=9.0)
    assert decision.applied == ((state, event) in ROWS)
    assert decision.why


@pytest.mark.parametrize(('state', 'event'), [pair for pair in PAIRS if pair in IGNORED])
def test_what_is_ignored_changes_nothing(state, event):
    before = in_state(state)
    decision = step(before, happening(event), now=9.0)
    assert decision.record is before
    assert decision.command is None


def test_a_pair_that_the_table_does_not_know_raises(monkeypatch):
    monkeypatch.delitem(IGNORED, (State.ACTIVE, Event.SERVERS_PLACED))
    with pytest.raises(InvalidTransition, match='servers_placed has no place in the state active'):
        step(in_state(State.ACTIVE), happening(Event.SERVERS_PLACED), now=9.0)


def test_a_loss_opens_an_incident_with_a_new_epoch():
    decision = step(in_state(State.ACTIVE), happening(Event.LOSS_SEEN, pattern='110'), now=9.0)
    assert decision.opened
    assert (decision.record.state, decision.record.epoch, decision.record.incident) == (State.SUSPECT, 4, 'h1.4')
    assert (decision.record.pattern, decision.record.since, decision.command) == ('110', 9.0, Command.CHECK)


def test_back_to_active_closes_the_incident_and_keeps_the_epoch():
    decision = step(in_state(State.SUSPECT), happening(Event.LOSS_CLEARED), now=9.0)
    assert decision.closed
    assert (decision.record.state, decision.record.epoch, decision.record.incident) == (State.ACTIVE, 3, None)


@pytest.mark.parametrize('late', [{'epoch': 2}, {'flow': 'other'}])
def test_a_late_outcome_is_dropped(late):
    before = in_state(State.ISOLATED, flow='mine', command=Command.FENCE)
    assert not step(before, happening(Event.HOST_FENCED, **late), now=9.0).applied
    assert step(before, happening(Event.HOST_FENCED, epoch=3, flow='mine'), now=9.0).applied


@pytest.mark.parametrize('state', [State.ISOLATED, State.SUSPECT, State.ERROR])
def test_nobody_is_fenced_without_a_proof(state):
    event = Event.HOST_FENCED if state is State.ISOLATED else Event.OFF_CONFIRMED
    with pytest.raises(InvalidTransition, match='without a proof'):
        step(in_state(state), happening(event, proof=None), now=9.0)


def test_a_life_sign_voids_the_proof_and_fences_again():
    for state in (State.FENCED, State.EVACUATING):
        decision = step(in_state(state, proof=PROOF, marked_down=True), happening(Event.LIFE_SEEN), now=9.0)
        assert (decision.record.state, decision.command, decision.record.proof) == (State.ISOLATED, Command.FENCE, None)
        assert decision.record.response is Response.FENCE


def test_a_host_that_returns_is_proven_off_no_longer():
    returned = step(in_state(State.RECOVERED, proof=PROOF, marked_down=True), happening(Event.HOST_RETURNED), now=9.0).record
    assert (returned.proof, returned.marked_down, returned.command) == (None, True, Command.READMIT)


def test_a_host_marked_down_again_has_to_be_confirmed_again():
    decision = step(in_state(State.ISOLATED, marked_down=True), happening(Event.HOST_FENCED), now=9.0)
    assert not decision.record.marked_down
    confirmed = step(decision.record, happening(Event.HOST_MARKED_DOWN), now=10.0)
    assert confirmed.record.marked_down


def test_a_host_that_was_taken_out_comes_back_through_recovered():
    taken_out = step(in_state(State.SUSPECT), happening(Event.WITHDRAW_CHOSEN), now=9.0).record
    assert taken_out.out_of_service
    checking = step(taken_out, happening(Event.LOSS_CHANGED), now=10.0).record
    back = step(checking, happening(Event.LOSS_CLEARED), now=11.0)
    assert (back.record.state, back.command) == (State.RECOVERED, Command.READMIT)
    assert not step(back.record, happening(Event.HOST_READMITTED), now=12.0).record.out_of_service


def test_work_that_stalls_is_tried_again_after_growing_pauses():
    record, delays = in_state(State.EVACUATING, proof=PROOF), []
    for _ in range(len(STALL_PAUSES) + 2):
        decision = step(record, happening(Event.WORK_STALLED), now=9.0)
        record, delays = decision.record, [*delays, decision.delay]
        assert decision.command is Command.EVACUATE
    assert delays == [*STALL_PAUSES, STALL_PAUSES[-1], STALL_PAUSES[-1]]
    assert step(record, happening(Event.SERVERS_REMAINED), now=9.0).record.stalls == 0


def test_a_withheld_verdict_is_checked_again_after_the_interval():
    assert step(in_state(State.SUSPECT), happening(Event.VERDICT_WITHHELD), now=9.0, check_interval=7.0).delay == 7.0


@pytest.mark.parametrize(('proof', 'expected'), [(PROOF, State.FENCED), (None, State.SUSPECT)])
def test_a_retry_goes_on_from_the_proof_if_there_is_one(proof, expected):
    assert step(in_state(State.ERROR, proof=proof), happening(Event.RETRY_ORDERED), now=9.0).record.state is expected


def test_acceptable_tells_what_an_operator_may_order():
    assert acceptable(State.ERROR, Event.RETRY_ORDERED)
    assert not acceptable(State.EVACUATING, Event.MAINTENANCE_STARTED)


def test_every_state_has_a_way_on():
    ways = {state: {row.next for row in TABLE if row.state is state} - {state} for state in State}
    assert all(ways.values())
    reach, todo = {State.ACTIVE}, [State.ACTIVE]
    while todo:
        for following in ways[todo.pop()] - reach:
            reach.add(following)
            todo.append(following)
    assert reach == set(State)


def test_every_command_ends_in_events_that_its_state_knows():
    outcomes = {
        Command.CHECK: (Event.LOSS_CLEARED, Event.VERDICT_WITHHELD, Event.FENCE_CHOSEN, Event.WITHDRAW_CHOSEN, Event.NOTIFY_CHOSEN),
        Command.FENCE: (Event.HOST_FENCED, Event.FENCING_FAILED, Event.LOSS_CHANGED),
        Command.WITHDRAW: (Event.HOST_WITHDRAWN, Event.WORK_STALLED),
        Command.MARK_DOWN: (Event.HOST_MARKED_DOWN, Event.WORK_STALLED),
        Command.EVACUATE: (Event.SERVERS_PLACED, Event.SERVERS_REMAINED, Event.WORK_STALLED),
        Command.READMIT: (Event.HOST_READMITTED, Event.READMISSION_FAILED)}
    for row in TABLE:
        if row.command:
            for event in (*outcomes[row.command], Event.FLOW_FAILED):
                assert (row.next, event) in ROWS, f'{row.next} does not know how {row.command} may end: {event}'


class AnyOrder(RuleBasedStateMachine):
    """Any events in any order: the record stays sound."""

    def __init__(self) -> None:
        super().__init__()
        self.record, self.epochs = HostRecord('h1'), [0]

    @rule(event=st.sampled_from(list(Event)), stale=st.booleans())
    def happens(self, event: Event, stale: bool) -> None:
        epoch = self.record.epoch - 1 if stale else self.record.epoch
        decision = step(self.record, happening(event, epoch=None if event in OPERATORS else epoch), now=1.0)
        if stale and event not in OPERATORS:
            assert not decision.applied
        if decision.applied:
            assert decision.record.version == self.record.version + 1
        self.record = decision.record
        self.epochs.append(self.record.epoch)

    @invariant()
    def epochs_only_grow(self) -> None:
        assert self.epochs == sorted(self.epochs)

    @invariant()
    def evacuation_needs_a_proof(self) -> None:
        if self.record.state in (State.FENCED, State.EVACUATING):
            assert self.record.proof

    @invariant()
    def active_is_clean(self) -> None:
        if self.record.state is State.ACTIVE:
            assert self.record.incident is None
            assert not (self.record.out_of_service or self.record.marked_down or self.record.proof or self.record.command)
        else:
            assert self.record.incident == f'h1.{self.record.epoch}'

    @invariant()
    def evacuating_means_marked_down(self) -> None:
        if self.record.state is State.EVACUATING:
            assert self.record.out_of_service


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
