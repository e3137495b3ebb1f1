"""Which event an observation is, what holds a fence back, and when an evacuation may start."""

import pytest

from hostha.core.brakes import NOVA_BELIEVES, Limits, evacuation_due, holding
from hostha.core.model import NETWORKS, HostRecord, Link, Observation, Proof
from hostha.core.orders import happening
from hostha.core.policy import RESPONSES_3, verdict
from hostha.core.states import Event, Response, State
from hostha.core.watch import LIFE_SIGN_GRACE, disproven, noticed, undecided

LINKS = {'1': Link.UP, '0': Link.DOWN, '?': Link.UNKNOWN}
PROOF = Proof('ipmi', 'off', 1000.0)


def view(pattern: str):
    return {network: Observation(LINKS[letter], 'x', 0.0) for network, letter in zip(NETWORKS, pattern, strict=True)}


def seen(pattern: str):
    return verdict(view(pattern), NETWORKS, RESPONSES_3, 100.0)


def event(record: HostRecord, pattern: str, now: float = 2000.0):
    happening = noticed(record, view(pattern), seen(pattern), now)
    return happening.event if happening else None


def test_a_loss_is_seen_on_an_active_host_only():
    assert event(HostRecord('h1'), '110') is Event.LOSS_SEEN
    assert event(HostRecord('h1'), '111') is None
    assert event(HostRecord('h1'), '1?1') is None
    assert event(HostRecord('h1', State.SUSPECT), '000') is None
    assert event(HostRecord('h1', State.MAINTENANCE), '000') is None


@pytest.mark.parametrize('response', [Response.NOTIFY, Response.WITHDRAW])
def test_a_quiet_response_goes_on_watching(response):
    record = HostRecord('h1', State.ISOLATED, response=response, pattern='011')
    assert event(record, '011') is None
    assert event(record, '?11') is None
    assert event(record, '111') is Event.LOSS_CHANGED
    assert event(record, '000') is Event.LOSS_CHANGED


def test_a_fence_under_way_is_not_disturbed_by_what_is_seen():
    assert event(HostRecord('h1', State.ISOLATED, response=Response.FENCE, pattern='000'), '111') is None


@pytest.mark.parametrize('state', [State.FENCED, State.EVACUATING, State.ERROR])
def test_life_after_a_proof_is_noticed_once_gossip_had_its_time(state):
    record = HostRecord('h1', state, proof=PROOF)
    assert event(record, '100', PROOF.at + LIFE_SIGN_GRACE) is None
    assert event(record, '100', PROOF.at + LIFE_SIGN_GRACE + 1) is Event.LIFE_SEEN
    assert event(record, '0?0', PROOF.at + LIFE_SIGN_GRACE + 1) is None


def test_a_recovered_host_returns_when_it_is_seen_on_all_networks():
    assert event(HostRecord('h1', State.RECOVERED, proof=PROOF), '111') is Event.HOST_RETURNED
    assert event(HostRecord('h1', State.RECOVERED), '11?') is None
    assert event(HostRecord('h1', State.RECOVERED, flow='f'), '111') is None


def test_a_recovered_host_that_came_back_is_watched_like_an_active_one():
    assert event(HostRecord('h1', State.RECOVERED), '110') is Event.LOSS_SEEN
    assert event(HostRecord('h1', State.RECOVERED, proof=PROOF), '110') is None


def test_the_operators_word_waits_while_gossip_may_be_late():
    word = happening('confirm-off', 'I pulled the plug', 'alice', 1, 1000.0)
    assert undecided(word, view('100'), 1000.0 + LIFE_SIGN_GRACE)
    assert not undecided(word, view('100'), 1001.0 + LIFE_SIGN_GRACE)
    assert not undecided(word, view('000'), 1000.0)
    assert not undecided(happening('retry', 'again', 'alice', 1, 1000.0), view('111'), 1000.0)


def test_more_hosts_lost_at_once_than_allowed_hold_every_fence():
    records = [HostRecord(f'h{n}', State.SUSPECT) for n in range(4)]
    verdicts = {record.name: seen('000') for record in records}
    reasons = holding('h0', records, verdicts, Limits(3))
    assert reasons == ['4 hosts are lost at once (h0, h1, h2, h3), max_evacuation is 3']
    assert holding('h0', records, verdicts, Limits(4)) == []
    assert holding('h0', records, verdicts | {'h3': seen('011')}, Limits(3)) == []


def test_hosts_under_recovery_are_lost_and_recovered_ones_are_not():
    under = [HostRecord('h1', State.ISOLATED, response=Response.FENCE), HostRecord('h2', State.EVACUATING), HostRecord('h3', State.FENCED)]
    assert holding('h0', under, {}, Limits(3))
    assert not holding('h0', [*under[:2], HostRecord('h3', State.RECOVERED)], {}, Limits(3))
    assert not holding('h0', [*under[:2], HostRecord('h3', State.ISOLATED, response=Response.NOTIFY)], {}, Limits(3))


READY = HostRecord('h1', State.FENCED, marked_down=True)


def test_evacuation_waits_until_every_dead_host_is_marked_down():
    assert evacuation_due([READY, HostRecord('h3', State.EVACUATING)], 0.0) == (['h1'], [])
    late = NOVA_BELIEVES + 10
    assert evacuation_due([READY, HostRecord('h2', State.FENCED, since=late - 5)], late) == ([], ['h2'])


def test_evacuation_waits_for_nobody_whom_nova_itself_has_given_up():
    for state in (State.FENCED, State.SUSPECT, State.ISOLATED):
        assert evacuation_due([READY, HostRecord('h2', state)], NOVA_BELIEVES - 1)[0] == []
        assert evacuation_due([READY, HostRecord('h2', state)], NOVA_BELIEVES) == (['h1'], [])


def test_a_host_whose_fencing_failed_may_be_dead_as_well():
    failed = HostRecord('h2', State.ERROR, response=Response.FENCE)
    assert evacuation_due([READY, failed], 1.0) == ([], ['h2'])
    assert evacuation_due([READY, HostRecord('h2', State.ERROR)], 1.0) == (['h1'], [])


def test_a_wall_clock_that_was_set_back_holds_up_nobody():
    assert evacuation_due([READY, HostRecord('h2', State.SUSPECT, since=4000.0)], 10.0) == (['h1'], [])


def test_hosts_that_flap_hold_up_no_evacuation_for_ever():
    late = NOVA_BELIEVES + 10
    assert evacuation_due([READY, HostRecord('h2', State.SUSPECT, since=late - 5)], late) == (['h1'], ['h2'])


def test_the_operators_word_is_not_taken_for_a_host_that_is_still_seen():
    word = happening('confirm-off', 'I pulled the plug', 'alice', 1, 1000.0)
    assert disproven(word, view('100'), 1000.0 + LIFE_SIGN_GRACE) == ''
    assert disproven(word, view('100'), 1001.0 + LIFE_SIGN_GRACE) == 'it is still seen on: management'
    assert disproven(word, view('0?0'), 1e6) == ''
    assert disproven(word, None, 1e6) == ''
    assert disproven(happening('retry', 'again', 'alice', 1, 0.0), view('111'), 1e6) == ''
