"""Each check tells what is as expected from what is not."""

import pytest

from hostha.core.book import Entry, Phase
from hostha.core.model import HostRecord, Proof
from hostha.core.states import State
from hostha.ports import Transition
from hostha.sim.expect import CHECKS, Snapshot, failures
from tests.unit.sim.conftest import order


@pytest.fixture
def snapshot(bench):
    """c1 was fenced and marked down with two servers on it, of which one was evacuated to another host."""
    world = bench.world
    world.add_server('s', 'c1', 'stopped')
    world.add_server('t', 'c1')
    world.add_server('u', 'c2')
    world.set_link('c1', 'storage', False)
    bench.fencer.off(order('c1'))
    bench.compute.mark_down('c1', 'hostha: test')
    bench.servers.evacuate('t')
    bench.pass_time(20)
    steps = [(5.0, 'active', 'suspect'), (6.0, 'suspect', 'suspect'), (9.0, 'suspect', 'isolated')]
    rows = [Transition(n, 'c1', 'c1.1', 1, world.stage.epoch + at, before, 'e', after, '', '', 'engine', 'hostha')
            for n, (at, before, after) in enumerate(steps)]
    book = [Entry('c1.1', name, name, 'active', 'c1', phase) for name, phase in (('s', Phase.PENDING), ('t', Phase.MOVED))]
    record = HostRecord('c1', State.ISOLATED, epoch=3, reason='two networks are down', proof=Proof('ipmi', '', 0.0))
    return Snapshot(world, {'c1': record, 'c2': HostRecord('c2')}, {'c1': rows, 'c2': []}, {'c1': book, 'c2': []})


RIGHT_AND_WRONG = [
    ('state', 'c1', 'isolated', 'active'),
    ('reason', 'c1', 'networks are', 'disks are'),
    ('proof', 'c1', 'ipmi', 'none'),
    ('proof', 'c2', 'none', 'ipmi'),
    ('epoch', 'c1', 3, 2),
    ('path', 'c1', ['suspect', 'isolated'], ['suspect', 'suspect', 'isolated']),
    ('reached', 'c1', {'suspect': [4, 6], 'isolated': [9, 9]}, {'suspect': [4, 6], 'isolated': [1, 8]}),
    ('reached', 'c1', {'isolated': [0, 20]}, {'fenced': [0, 20]}),
    ('book', 'c1', {'moved': 1, 'pending': 1}, {'moved': 1}),
    ('fences', 'c1', 1, 0),
    ('evacuations', 'c1', 1, 2),
    ('servers', 'c1', 1, 2),
    ('service', 'c1', 'down', 'enabled'),
    ('service', 'c2', 'enabled', 'disabled'),
    ('power', 'c1', False, True),
    ('server_state', 's', 'stopped', 'active'),
    ('server_state', 'gone-long-ago', 'gone', 'active'),
    ('running', 's', 'nowhere', 'c1'),
    ('running', 'u', 'c2', 'nowhere')]


@pytest.mark.parametrize(('check', 'key', 'right', 'wrong'), RIGHT_AND_WRONG)
def test_a_check_passes_and_fails(snapshot, check, key, right, wrong):
    assert failures({check: {key: right}}, snapshot) == []
    [said] = failures({check: {key: wrong}}, snapshot)
    assert said.startswith(f'{check} of {key}: expected {wrong}, found ')


def test_every_check_is_tried_here():
    assert {check for check, *_ in RIGHT_AND_WRONG} == set(CHECKS)
