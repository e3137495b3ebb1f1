"""Scenarios are read strictly: whatever is not understood is an error that says where."""

import copy

import pytest

from hostha.exceptions import ConfigError
from hostha.sim.commands import VERBS, Kind
from hostha.sim.scenario import load, parse, servers

GOOD = {'title': 'A host dies', 'until': 100, 'hosts': {'c1': {'servers': {'active': 2, 'deleting': 1}}, 'c2': None},
        'timeline': [{'at': 10, 'power_off': 'c1'}, {'at': 20, 'link_down': ['c2', 'storage']}],
        'expect': [{'at': 50, 'state': {'c1': 'suspect'}}, {'at': 'end', 'server_state': {'c1-active-1': 'active'}}]}


def changed(*path_and_value):
    """GOOD with one thing changed."""
    *path, last, value = path_and_value
    data = copy.deepcopy(GOOD)
    at = data
    for key in path:
        at = at[key]
    at[last] = value
    return data


def test_a_good_one():
    scenario = parse('dies', GOOD)
    assert (scenario.name, scenario.until, scenario.seed, len(scenario.timeline)) == ('dies', 100, 1, 2)
    assert scenario.timeline[1].arguments == ('c2', 'storage') and scenario.expect[1].at == 100
    assert servers(scenario.hosts) == [('c1-active-1', 'c1', 'active'), ('c1-active-2', 'c1', 'active'),
                                       ('c1-deleting-1', 'c1', 'deleting')]


def test_its_world():
    world = parse('dies', GOOD | {'timing': {'boot': 5, 'rebuild': [1, 2]}}).world()
    assert world.timing.boot == 5 and world.timing.rebuild == (1, 2)
    assert world.nova.inventory.instances['c1-deleting-1'].task == 'deleting' and world.hosts['c1'].guests['c1-active-1']


@pytest.mark.parametrize(('data', 'where'), [
    ([], 'scenario'),
    (changed('extra', 1), 'scenario.extra'),
    ({key: value for key, value in GOOD.items() if key != 'expect'}, 'scenario.expect'),
    (changed('expect', []), 'expect'),
    (changed('until', 'soon'), 'until'),
    (changed('until', True), 'until'),
    (changed('hosts', 'c1', {'rooom': 3}), 'hosts.c1.rooom'),
    (changed('hosts', 'c1', {'servers': {'dead': 3}}), 'hosts.c1.servers.dead'),
    (changed('hosts', 'c1', {'bmc': 'broken'}), 'hosts.c1.bmc'),
    (changed('settings', {'check_intervall': 3}), 'settings.check_intervall'),
    (changed('timing', {'bot': 3}), 'timing.bot'),
    (changed('timeline', 0, {'at': 10, 'explode': 'c1'}), r'timeline\[0\].explode'),
    (changed('timeline', 0, {'power_off': 'c1'}), r'timeline\[0\].at'),
    (changed('timeline', 0, {'at': 10}), r'timeline\[0\]'),
    (changed('timeline', 0, {'at': 10, 'power_off': 'c1', 'power_on': 'c1'}), r'timeline\[0\]'),
    (changed('timeline', 0, {'at': 101, 'power_off': 'c1'}), r'timeline\[0\].at'),
    (changed('timeline', 0, {'at': 10, 'power_off': 'c9'}), r'timeline\[0\].power_off'),
    (changed('timeline', 0, {'at': 10, 'link_down': 'c1'}), r'timeline\[0\].link_down'),
    (changed('timeline', 0, {'at': 10, 'link_down': ['c1', 'sto']}), r'timeline\[0\].link_down'),
    (changed('timeline', 0, {'at': 10, 'bmc': ['c1', 'broken']}), r'timeline\[0\].bmc'),
    (changed('timeline', 0, {'at': 10, 'order': ['c1', 'dance']}), r'timeline\[0\].order'),
    (changed('timeline', 0, {'at': 10, 'nova_unavailable': 1}), r'timeline\[0\].nova_unavailable'),
    (changed('timeline', 0, {'at': 10, 'nova_lost_answers': ['dance', 1]}), r'timeline\[0\].nova_lost_answers'),
    (changed('timeline', 0, {'at': 10, 'nova_latency': 'long'}), r'timeline\[0\].nova_latency'),
    (changed('timeline', 0, {'at': 10, 'engine_kill': 0}), r'timeline\[0\].engine_kill'),
    (changed('expect', 0, {'at': 10}), r'expect\[0\]'),
    (changed('expect', 0, {'at': 10, 'mood': {'c1': 'good'}}), r'expect\[0\].mood'),
    (changed('expect', 0, {'at': 10, 'state': {'c9': 'active'}}), r'expect\[0\].state'),
    (changed('expect', 0, {'at': 10, 'server_state': {'c1': 'active'}}), r'expect\[0\].server_state'),
    (changed('expect', 0, {'at': 10, 'state': 'active'}), r'expect\[0\].state')])
def test_a_bad_one_says_where(data, where):
    with pytest.raises(ConfigError, match=f'^{where} = '):
        parse('bad', data)


def test_a_key_twice_is_an_error(tmp_path):
    (tmp_path / 'scenario.yaml').write_text('title: a\ntitle: b\n')
    with pytest.raises(ConfigError, match="'title' is there twice"):
        load(tmp_path)


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match='unreadable'):
        load(tmp_path)


SAMPLES = {Kind.HOST: 'c1', Kind.NETWORK: 'storage', Kind.SERVER: 'c1-active-1', Kind.NUMBER: 2, Kind.SWITCH: True, Kind.BMC: 'stuck',
           Kind.HEALTH: 'no_leader', Kind.ACTION: 'retry', Kind.CALL: 'evacuate', Kind.ENGINE: 1}


@pytest.mark.parametrize('verb', [verb for verb, how in VERBS.items() if how.act])
def test_every_verb_does_something_to_the_world_and_says_so(verb):
    arguments = [SAMPLES[kind] for kind in VERBS[verb].arguments]
    scenario = parse('one', changed('timeline', [{'at': 1, verb: arguments}]))
    world = scenario.world()
    if verb == 'power_on':
        world.power_off('c1')
    before = len(world.stage.timeline)
    scenario.timeline[0].apply(world)
    world.advance(30)
    deleting = [instance.id for instance in world.nova.inventory.instances.values() if instance.task == 'deleting']
    assert len(world.stage.timeline) > before or 'c1-active-1' in deleting
