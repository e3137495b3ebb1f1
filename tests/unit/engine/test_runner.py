"""Flows on the loop: waiting, retrying, crashing, resuming, being dropped."""

import threading

import pytest

from hostha.core.states import Event
from hostha.engine.loop import Loop, Workers
from hostha.engine.runner import FlowRunner
from hostha.exceptions import StoreUnavailable
from hostha.ports import FlowSpec
from tests.unit import fakes

CHECK = FlowSpec('h1.1:check', 'hostha.flows.suspect.check_flow', {'host': 'h1', 'attempts': 3, 'interval': 10.0})


class Bench:
    """A runner on manual time, in one thread, with a database in memory."""

    def __init__(self, spec: FlowSpec = CHECK, *, eyes: fakes.Eyes | None = None, clock: fakes.ManualClock | None = None, **ports):
        self.clock = clock or fakes.ManualClock()
        self.eyes = eyes or fakes.Eyes(fakes.DOWN)
        self.tools = fakes.tools(self.clock, self.eyes, **ports)
        self.database = fakes.memory_database(self.clock)
        self.flow = fakes.open_incident(self.database, spec).flow
        self.outcomes = []
        self.new_runner()

    def new_runner(self):
        self.loop = Loop(self.clock)
        self.runner = FlowRunner(self.loop, Workers(self.loop, 0, inline=True), self.clock, self.database.backend,
                                 lambda slot, happening: self.outcomes.append(happening))

    def start(self):
        self.runner.start(fakes.context(self.tools), self.flow)

    def run(self, until: float):
        while True:
            due = self.loop.run_once()
            if due is None or due > until:
                self.clock.now = max(self.clock.now, until)
                return
            self.clock.now = due

    def state(self):
        return self.database.backend.get_connection().get_flow_details(self.flow).state


def test_checks_are_taken_one_interval_apart_and_the_last_one_decides():
    bench = Bench()
    bench.start()
    bench.run(1100)
    assert bench.eyes.seen_at == [1000.0, 1010.0, 1020.0]
    assert [outcome.event for outcome in bench.outcomes] == [Event.FENCE_CHOSEN]
    assert (bench.outcomes[0].epoch, bench.outcomes[0].flow, bench.outcomes[0].pattern) == (1, bench.flow, '000')
    assert len(bench.runner) == 0


class AtOnce:
    """Workers that are done before the driver looks."""

    def submit(self, work):
        work()


def test_workers_that_are_faster_than_the_driver_stall_no_flow():
    bench = Bench()
    bench.runner.workers = AtOnce()
    bench.start()
    bench.run(1100)
    assert [outcome.event for outcome in bench.outcomes] == [Event.FENCE_CHOSEN]


def test_a_check_that_finds_all_well_ends_it_early():
    bench = Bench(eyes=fakes.Eyes(fakes.DOWN, fakes.UP))
    bench.start()
    bench.run(1100)
    assert [outcome.event for outcome in bench.outcomes] == [Event.LOSS_CLEARED]
    assert bench.eyes.seen_at == [1000.0, 1010.0]


def test_a_flow_waits_until_it_is_due():
    bench = Bench(FlowSpec(CHECK.name, CHECK.factory, CHECK.kwargs, not_before=1.7e9 + 1007.0))
    bench.start()
    bench.run(1100)
    assert bench.eyes.seen_at[0] == pytest.approx(1007.0)


def test_a_crash_loses_no_attempt_and_starts_no_wait_anew():
    bench = Bench()
    bench.start()
    bench.run(1013)
    bench.runner.drop_all()
    bench.new_runner()
    bench.clock.instance = 'run-2'
    bench.start()
    bench.run(1100)
    assert bench.eyes.seen_at == [1000.0, 1010.0, pytest.approx(1020.0)]
    assert [outcome.event for outcome in bench.outcomes] == [Event.FENCE_CHOSEN]


def test_a_wall_clock_that_jumps_shortens_no_wait():
    bench = Bench()
    bench.start()
    bench.run(1005)
    bench.clock.wall += 3600
    bench.run(1100)
    assert bench.eyes.seen_at == [1000.0, 1010.0, 1020.0]


def test_after_a_crash_no_wait_is_longer_than_its_pause_whatever_the_wall_clock_says():
    bench = Bench()
    bench.start()
    bench.run(1005)
    bench.runner.drop_all()
    bench.new_runner()
    bench.clock.instance, bench.clock.wall = 'run-2', bench.clock.wall - 3600
    bench.start()
    bench.run(1100)
    assert bench.eyes.seen_at[1] == pytest.approx(1015.0)


def test_an_outcome_that_was_reached_before_a_crash_is_told_again():
    bench = Bench()
    bench.start()
    bench.run(1100)
    bench.new_runner()
    bench.start()
    bench.run(1200)
    assert len(bench.eyes.seen_at) == 3
    assert [outcome.event for outcome in bench.outcomes] == [Event.FENCE_CHOSEN, Event.FENCE_CHOSEN]


def test_flows_that_are_let_go_stay_as_they_stand_and_are_resumed():
    bench = Bench()
    bench.start()
    bench.run(1003)
    bench.runner.drop_all()
    assert (bench.state(), bench.outcomes, len(bench.runner)) == ('RUNNING', [], 0)
    bench.new_runner()
    bench.start()
    bench.run(1100)
    assert bench.outcomes[-1].event is Event.FENCE_CHOSEN
    assert len(bench.eyes.seen_at) == 3


def test_a_dropped_flow_writes_nothing_more():
    bench = Bench()
    bench.start()
    bench.run(1003)
    before = bench.state()
    bench.runner.drop_host('h1')
    bench.run(1100)
    assert (bench.state(), bench.outcomes) == (before, [])
    assert bench.eyes.seen_at == [1000.0]


def test_a_task_that_breaks_is_an_outcome():
    class Blind(fakes.Eyes):
        def look(self, host):
            raise ZeroDivisionError('no eyes')

    bench = Bench(eyes=Blind(fakes.UP))
    bench.start()
    bench.run(1100)
    assert [outcome.event for outcome in bench.outcomes] == [Event.FLOW_FAILED]
    assert 'no eyes' in bench.outcomes[0].reason


def test_a_stale_owner_drops_the_flow_before_the_act():
    class Compute:
        def stop_scheduling(self, host, reason):
            raise AssertionError('done without a lease')

    spec = FlowSpec('h1.1:withdraw', 'hostha.flows.isolate.withdraw_flow', {'host': 'h1', 'incident': 'h1.1'})
    bench = Bench(spec, compute=Compute())
    bench.tools.leases.held = False
    bench.start()
    bench.run(1100)
    assert (bench.outcomes, len(bench.runner), bench.state()) == ([None], 0, 'RUNNING')


def test_a_database_that_is_away_costs_a_task_no_try():
    class Away(fakes.Eyes):
        def look(self, host):
            seen = super().look(host)
            if len(self.seen_at) in (2, 3, 4, 5):
                raise StoreUnavailable('gone')
            return seen

    bench = Bench(eyes=Away(fakes.DOWN))
    bench.start()
    bench.run(1100)
    assert bench.eyes.seen_at == [1000.0, 1010.0, 1011.0, 1012.0, 1013.0, 1014.0, 1024.0]
    assert [outcome.event for outcome in bench.outcomes] == [Event.FENCE_CHOSEN]


def test_a_hundred_waiting_flows_need_no_thread():
    bench = Bench()
    flows = [fakes.open_incident(bench.database, CHECK, f'x{n}').flow for n in range(100)]
    before = threading.active_count()
    for flow in flows:
        bench.runner.start(fakes.context(bench.tools), flow)
    bench.run(1001)
    assert len(bench.runner) == 100
    assert threading.active_count() == before
    bench.run(1100)
    assert [outcome.event for outcome in bench.outcomes] == [Event.FENCE_CHOSEN] * 100


def test_a_database_that_does_not_answer_drops_the_flow_and_says_so(monkeypatch):
    from taskflow import exceptions as taskflow_exceptions
    bench = Bench()
    bench.start()
    bench.run(1003)

    def fail(*_):
        raise taskflow_exceptions.StorageFailure('gone')

    monkeypatch.setattr(type(bench.database.backend.get_connection()), 'update_atom_details', fail)
    bench.run(1100)
    monkeypatch.undo()
    assert (bench.outcomes, len(bench.runner)) == ([None], 0)
    bench.start()
    bench.run(1200)
    assert bench.outcomes[-1].event is Event.FENCE_CHOSEN
