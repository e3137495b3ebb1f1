"""Making sure that a host is off: levels, rounds, doubt."""

import json

import pytest

from hostha.core.model import LevelSpec, Power
from hostha.core.states import Event
from hostha.exceptions import OutcomeUnknown, Refused, Unavailable
from tests.unit import fakes
from tests.unit.flows.bench import Bench, Fencer

REFUSED = Refused('wrong password', driver='bmc', operation='off', host='h1')
UNKNOWN = OutcomeUnknown('no answer', driver='bmc', operation='off', host='h1')
UNAVAILABLE = Unavailable('no route', driver='bmc', operation='off', host='h1')


class Fence(Bench):
    def __init__(self, *fencers, attempts=1, pause=10.0, looks=(fakes.DOWN,)):
        levels = [LevelSpec(f'level-{number}') for number in range(1, len(fencers) + 1)]
        super().__init__('isolate.fence_flow', {'host': 'h1', 'levels': len(levels), 'attempts': attempts, 'pause': pause,
                                                'timeout': 60.0, 'poll': 3.0}, looks=looks)
        for fencer in fencers:
            fencer.clock = self.clock
        named = {spec.level: fencer for spec, fencer in zip(levels, fencers, strict=True)}
        object.__setattr__(self.tools, 'fencers', named)
        object.__setattr__(self.tools, 'ledger', fakes.Ledger(levels))

    def outcome(self, seconds=1000.0):
        self.run(seconds)
        assert len(self.outcomes) == 1
        return self.outcomes[0]


def test_a_host_that_is_off_at_the_first_look_is_not_asked():
    fencer = Fencer(power=Power.OFF)
    outcome = Fence(fencer).outcome()
    assert (outcome.event, fencer.asked) == (Event.HOST_FENCED, [])
    assert (outcome.proof.level, outcome.proof.evidence) == ('level-1', 'fake level-1: read back as off')


def test_asked_once_then_looked_at_until_it_is_off():
    fencer = Fencer(off_after=7.0)
    outcome = Fence(fencer).outcome()
    assert outcome.event is Event.HOST_FENCED
    assert fencer.asked == [1000.0]
    assert fencer.seen == [1000.0, 1003.0, 1006.0, 1009.0]
    assert fencer.epochs == [(1, 'h1.1')]
    assert outcome.proof.at == pytest.approx(1.7e9 + 1009.0)


def test_an_order_whose_outcome_is_unknown_is_waited_for_not_repeated():
    fencer = Fencer(UNKNOWN)
    fence = Fence(fencer)
    fence.run(30)
    fencer.shown = Power.OFF
    assert fence.outcome().event is Event.HOST_FENCED
    assert fencer.asked == [1000.0]


def test_unknown_power_is_no_proof():
    outcome = Fence(Fencer(power=Power.UNKNOWN, off_after=None)).outcome()
    assert (outcome.event, outcome.proof) == (Event.FENCING_FAILED, None)


def test_a_level_that_says_ok_and_stays_on_gives_way_to_the_next_when_its_time_is_up():
    stuck, good = Fencer(off_after=None), Fencer()
    outcome = Fence(stuck, good).outcome()
    assert (outcome.event, outcome.proof.level) == (Event.HOST_FENCED, 'level-2')
    assert len(stuck.asked) == 1
    assert 1060.0 <= good.asked[0] <= 1063.0


@pytest.mark.parametrize('error', [REFUSED, UNAVAILABLE])
def test_a_level_that_cannot_do_it_gives_way_at_once(error):
    good = Fencer()
    assert Fence(Fencer(error), good).outcome().event is Event.HOST_FENCED
    assert good.asked == [1000.0]


def test_all_levels_fail_then_all_of_them_again_after_a_growing_pause():
    first, second = Fencer(REFUSED), Fencer(REFUSED)
    outcome = Fence(first, second, attempts=3).outcome()
    assert outcome.event is Event.FENCING_FAILED
    assert 'after 3 rounds' in outcome.reason
    assert 'wrong password' in outcome.reason
    assert first.asked == second.asked == [1000.0, 1010.0, 1030.0]


def test_a_host_that_is_back_before_the_second_round_is_left_alone():
    fencer = Fencer(REFUSED)
    outcome = Fence(fencer, attempts=3, looks=(fakes.UP,)).outcome()
    assert outcome.event is Event.LOSS_CHANGED
    assert len(fencer.asked) <= 1


def test_a_crash_while_the_order_is_out_asks_the_power_first_and_stays_on_its_level():
    stuck, slow = Fencer(REFUSED), Fencer(off_after=20.0)
    fence = Fence(stuck, slow)
    fence.run(15)
    fence.clock.now += 10
    fence.crash()
    assert fence.outcome().event is Event.HOST_FENCED
    assert len(stuck.asked) == len(slow.asked) == 1


def test_a_crash_in_the_pause_before_the_second_round_neither_shortens_nor_restarts_it():
    fencer = Fencer(REFUSED)
    fence = Fence(fencer, attempts=2, pause=10.0)
    fence.run(6)
    fence.crash()
    assert fence.outcome().event is Event.FENCING_FAILED
    assert fencer.asked == [1000.0, pytest.approx(1010.0)]


def test_without_its_lease_the_engine_asks_for_nothing():
    fencer = Fencer()
    fence = Fence(fencer)
    fence.tools.leases.held = False
    fence.run(100)
    assert fencer.asked == []


@pytest.mark.parametrize('fencer', [Fencer(), Fencer(REFUSED)])
def test_results_survive_json(fencer):
    fence = Fence(fencer)
    fence.run(1000)
    stored = fence.database.backend.get_connection().get_flow_details(fence.flow)
    assert len(list(stored)) >= 5
    for atom in stored:
        assert json.loads(json.dumps(atom.results)) == atom.results or atom.name in ('fencing_levels', 'multiple_recovery')
