"""Pauses, outcomes and their persisted forms."""

import json

import pytest

from hostha.core.model import Happening, Proof
from hostha.core.states import Event
from hostha.flows.base import PausedRetry, from_happening, is_last, outcome, remaining_pause, to_happening
from tests.unit import fakes


@pytest.fixture
def context():
    return fakes.context(fakes.tools(fakes.ManualClock(), fakes.Eyes(fakes.UP)))


def attempt(context, failures, **kwargs):
    controller = PausedRetry('tries', **kwargs)
    controller.context = context
    return json.loads(json.dumps(controller.execute([None] * failures)))


@pytest.mark.parametrize(('growth', 'pauses'), [(1.0, [0, 10, 10, 10]), (2.0, [0, 10, 20, 40])])
def test_no_pause_before_the_first_try_then_growing_ones(context, growth, pauses):
    assert [attempt(context, n, attempts=9, pause=10.0, growth=growth)['pause'] for n in range(4)] == pauses


def test_a_pause_has_its_limit(context):
    assert attempt(context, 12, attempts=20, pause=10.0, growth=2.0)['pause'] == PausedRetry.MOST


def test_the_last_try_knows_that_it_is(context):
    assert [is_last(attempt(context, n, attempts=3)) for n in range(3)] == [False, False, True]


@pytest.mark.parametrize('gone_by', [0.0, 4.0, 10.0, 99.0])
def test_what_is_left_of_a_pause(context, gone_by):
    due = attempt(context, 1, attempts=3, pause=10.0)
    context.tools.clock.now += gone_by
    assert remaining_pause(due, context) == max(10.0 - gone_by, 0.0)
    context.tools.clock.instance = 'another'
    assert remaining_pause(due, context) == max(10.0 - gone_by, 0.0)


@pytest.mark.parametrize('event', Event)
def test_an_outcome_survives_json(event):
    proof = Proof('ipmi', 'read back', 12.5)
    stored = json.loads(json.dumps(outcome(event, 'why', pattern='1?0', proof=proof)))
    assert to_happening(stored, 3, 'flow-1') == Happening(event, 'why', epoch=3, flow='flow-1', pattern='1?0', proof=proof)
    assert json.loads(json.dumps(from_happening(Happening(event, 'why')))) == outcome(event, 'why')
