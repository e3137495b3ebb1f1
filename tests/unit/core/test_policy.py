"""The verdict on a pattern, and the choice that it calls for."""

import itertools

import pytest

from hostha.core.model import NETWORKS, Link, Observation
from hostha.core.policy import SKEW, choose, response_table, verdict
from hostha.core.states import Event, Response
from hostha.exceptions import ConfigError

NOW = 100.0
LINKS = {'1': Link.UP, '0': Link.DOWN, '?': Link.UNKNOWN, 'L': Link.LEFT}


def seen(pattern: str, since: float = 0.0):
    networks = NETWORKS[:len(pattern)]
    view = {network: Observation(LINKS[letter], 'because', since) for network, letter in zip(networks, pattern, strict=True)}
    return verdict(view, networks, response_table(len(pattern)), NOW)


@pytest.mark.parametrize(('pattern', 'event'), [
    ('111', Event.LOSS_CLEARED), ('110', Event.FENCE_CHOSEN), ('100', Event.FENCE_CHOSEN), ('010', Event.FENCE_CHOSEN),
    ('001', Event.FENCE_CHOSEN), ('000', Event.FENCE_CHOSEN), ('101', Event.WITHDRAW_CHOSEN), ('011', Event.NOTIFY_CHOSEN),
    ('11', Event.LOSS_CLEARED), ('10', Event.WITHDRAW_CHOSEN), ('01', Event.NOTIFY_CHOSEN), ('00', Event.FENCE_CHOSEN)])
def test_the_response_to_each_pattern(pattern, event):
    assert choose(seen(pattern), []).event is event


@pytest.mark.parametrize(('pattern', 'event'), [
    ('?11', Event.LOSS_CLEARED), ('1?0', Event.FENCE_CHOSEN), ('?10', Event.FENCE_CHOSEN), ('11?', Event.LOSS_CLEARED),
    ('01?', Event.NOTIFY_CHOSEN), ('0?1', Event.NOTIFY_CHOSEN), ('?00', Event.FENCE_CHOSEN), ('L00', Event.FENCE_CHOSEN)])
def test_one_unknown_network_counts_as_up(pattern, event):
    assert choose(seen(pattern), []).event is event


@pytest.mark.parametrize('pattern', [p for p in map(''.join, itertools.product('10?L', repeat=3)) if p.count('?') + p.count('L') >= 2])
def test_two_unknown_networks_hold_everything(pattern):
    choice = choose(seen(pattern), [])
    assert choice.event is Event.VERDICT_WITHHELD
    assert 'of 3 networks cannot be judged' in choice.reason


def test_every_pattern_has_a_response():
    for length in (2, 3):
        for letters in itertools.product('10?L', repeat=length):
            assert choose(seen(''.join(letters)), []).reason


def test_a_network_that_has_only_just_turned_down_withholds_the_verdict():
    assert choose(seen('110', since=NOW - SKEW + 0.1), []).event is Event.VERDICT_WITHHELD
    assert choose(seen('110', since=NOW - SKEW), []).event is Event.FENCE_CHOSEN


def test_a_brake_holds_a_fence_and_nothing_else():
    held = choose(seen('110'), ['4 hosts are lost at once'])
    assert (held.event, held.pattern) == (Event.VERDICT_WITHHELD, '110')
    assert '4 hosts are lost at once' in held.reason
    assert choose(seen('101'), ['x']).event is Event.WITHDRAW_CHOSEN
    assert choose(seen('111'), ['x']).event is Event.LOSS_CLEARED


def test_the_operator_may_override_responses():
    assert response_table(3, {'011': 'fence'})['011'] is Response.FENCE


@pytest.mark.parametrize(('networks', 'override', 'rule'), [
    (3, {'01': 'fence'}, 'no such pattern'), (2, {'011': 'fence'}, 'no such pattern'), (3, {'011': 'explode'}, 'no such response'),
    (3, {'111': 'fence'}, 'left alone')])
def test_overrides_that_make_no_sense_are_refused(networks, override, rule):
    with pytest.raises(ConfigError, match=rule):
        response_table(networks, override)
