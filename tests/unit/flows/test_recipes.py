"""The shape of each flow: what it requires and provides, its names, and that any engine can build it again from JSON."""

import json

import pytest
from taskflow import engines, retry, task
from taskflow.persistence import models

from hostha.core.model import HostRecord, LevelSpec
from hostha.core.states import Command
from hostha.engine.plans import Planner
from hostha.settings import Judgement, Recovery
from tests.unit.flows import bench


def plan(command, entries=()):
    planner = Planner(Judgement(), Recovery(), lambda host: (LevelSpec('ipmi'), LevelSpec('operator')), lambda incident: entries)
    return planner.plan(HostRecord('h1', incident='h1.1', epoch=1), command, 12.5)


def build(command, entries=()):
    """The flow as another engine builds it: from the plan's JSON."""
    spec = plan(command, entries)
    module, _, function = spec.factory.rpartition('.')
    factory = getattr(__import__(module, fromlist=[function]), function)
    return factory(**json.loads(json.dumps(spec.kwargs)))


def atoms(flow):
    engine = engines.load(flow)
    engine.compile()
    return [node for node in engine.compilation.execution_graph if hasattr(node, 'execute')]


NAMES = {
    Command.CHECK: {'host_check_retry', 'check_host'},
    Command.FENCE: {'multiple_recovery', 'confirm_loss', 'fencing_levels', 'power_off_host', 'conclude_fencing'},
    Command.WITHDRAW: {'stop_scheduling'},
    Command.MARK_DOWN: {'mark_down_host', 'record_servers'},
    Command.EVACUATE: {'multiple_recovery', 'begin_round', 'conclude_evacuation', 'retry-a', 'evacuate-a', 'retry-b', 'evacuate-b'},
    Command.READMIT: {'host_check_retry', 'check_returned', 'restore_service'}}
"""Names are the keys by which a flow is resumed: to change one loses what was done under it."""

BOOK = (bench.entry('a'), bench.entry('b'))


@pytest.mark.parametrize('command', Command)
def test_names_are_unique_and_stable(command):
    names = [atom.name for atom in atoms(build(command, BOOK))]
    assert sorted(set(names)) == sorted(names)
    assert set(names) == NAMES[command]


@pytest.mark.parametrize('command', Command)
def test_a_flow_needs_nothing_from_outside_and_provides_its_outcome(command):
    flow = build(command, BOOK)
    assert flow.requires == frozenset()
    assert 'outcome' in flow.provides


@pytest.mark.parametrize('command', Command)
def test_an_engine_builds_it_from_what_is_stored(command):
    spec = plan(command, BOOK)
    detail = models.FlowDetail(spec.name, 'some-id')
    detail.meta = {'factory': {'name': spec.factory, 'args': [], 'kwargs': json.loads(json.dumps(spec.kwargs))}}
    flow = engines.flow_from_detail(detail)
    assert {atom.name for atom in atoms(flow)} == NAMES[command]


@pytest.mark.parametrize('command', Command)
def test_nothing_is_reverted_and_no_retry_gives_up_the_whole_flow(command):
    for atom in atoms(build(command, BOOK)):
        if isinstance(atom, retry.Times):
            assert atom.on_failure([None] * 99) == retry.REVERT
        else:
            assert type(atom).revert is task.Task.revert


def test_the_levels_and_the_servers_are_those_of_the_plan():
    assert plan(Command.FENCE).kwargs['levels'] == 2
    assert plan(Command.EVACUATE, BOOK).kwargs['servers'] == ['a', 'b']
    assert plan(Command.CHECK).not_before == 12.5


def test_a_chunk_takes_the_servers_in_flight_first_and_no_more_than_fit():
    from hostha.core.book import Phase
    planner = Planner(Judgement(), Recovery(servers_per_flow=2), lambda host: (), lambda incident: (
        bench.entry('a'), bench.entry('b'), bench.entry('c', phase=Phase.ORDERED), bench.entry('d', phase=Phase.MOVED)))
    assert planner.plan(HostRecord('h1', incident='h1.1'), Command.EVACUATE, 0.0).kwargs['servers'] == ['c', 'a']


def test_every_command_has_a_plan():
    assert {command for command in Command if plan(command, BOOK)} == set(Command) == set(NAMES)
