"""The runner itself: what is wrong comes out."""

from pathlib import Path

import pytest

from hostha.cmd.sim_runner import Runner, ScenarioFailedError
from hostha.core.model import Power
from hostha.sim.checker import InvariantViolated
from hostha.sim.ports import SimFencer
from hostha.sim.scenario import load, parse

SCENARIO = load(Path(__file__).parent / 'scenarios' / 'bmc_says_ok_and_stays_on')
QUIET = {'title': 'nothing', 'until': 30, 'hosts': {'c1': {}}, 'timeline': [], 'expect': [{'at': 'end', 'state': {'c1': 'active'}}]}


def test_what_is_not_as_expected_fails_with_the_time_line():
    data = QUIET | {'expect': [{'at': 20, 'state': {'c1': 'error'}}]}
    with Runner(parse('quiet', data)) as runner, pytest.raises(ScenarioFailedError, match=r'(?s)quiet: at 20 s.*engine 1 starts'):
        runner.run()


def test_a_violated_invariant_comes_out_although_the_engine_guards_itself(monkeypatch):
    monkeypatch.setattr(SimFencer, 'power', lambda self, order: Power.OFF)
    with Runner(SCENARIO) as runner, pytest.raises(InvariantViolated, match='which is on'):
        runner.run()


def test_an_engine_that_runs_is_not_started_again():
    data = QUIET | {'timeline': [{'at': 1, 'engine_start': 1}]}
    with Runner(parse('quiet', data)) as runner, pytest.raises(ScenarioFailedError, match='runs already'):
        runner.run()


def test_an_engine_stops_gracefully_and_another_goes_on():
    data = QUIET | {'until': 120, 'settings': {'check_interval': 3},
                    'hosts': {'c1': {'servers': {'active': 2}}, 'c2': {}},
                    'timeline': [{'at': 5, 'power_off': 'c1'}, {'at': 10, 'engine_stop': 1}, {'at': 12, 'engine_start': 2}],
                    'expect': [{'at': 'end', 'state': {'c1': 'recovered'}, 'evacuations': {'c1': 2}}]}
    with Runner(parse('handover', data)) as runner:
        runner.run()
