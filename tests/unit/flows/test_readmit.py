"""Taking a host back: seen, started, un-forced, up, enabled, in this order."""

from dataclasses import replace
from itertools import pairwise

from hostha.core.book import Evacuation, Phase
from hostha.core.readmission import ComputeService
from hostha.core.states import Event
from hostha.exceptions import Refused, Unavailable
from tests.unit import fakes
from tests.unit.flows.bench import HOST, Bench, Servers, entry, server

KWARGS = {'host': HOST, 'incident': 'h1.1', 'attempts': 3, 'interval': 10.0, 'timeout': 300.0, 'poll': 2.0}


class Nova:
    """The nova-compute of h1: disabled by us and forced down. It beats once the agent was asked for it ``needs`` times."""

    def __init__(self, needs=1, **service):
        self.service = ComputeService('1', HOST, up=False, enabled=False, forced_down=True, disabled_reason='hostha: incident h1.1',
                                      updated_at='t0')
        self.service = replace(self.service, **service)
        self.needs, self.calls, self.sent, self.refuse_unforce = needs, [], [], 0

    def services(self):
        if len(self.sent) >= self.needs:
            self.service = replace(self.service, updated_at='t1')
        return [self.service]

    def unforce(self, host):
        self.calls.append('unforce')
        if self.refuse_unforce:
            self.refuse_unforce -= 1
            raise Refused('done records remain', driver='nova', operation='unforce', host=host)
        self.service = replace(self.service, forced_down=False, up=True)

    def enable(self, host):
        self.calls.append('enable')
        self.service = replace(self.service, enabled=True, disabled_reason='')

    def send(self, command, host, epoch):
        self.sent.append((command, host, epoch, self.clock.now))
        return ['management']


class Readmission(Bench):
    def __init__(self, nova=None, *, looks=(fakes.UP,), entries=(), records=(), kwargs=KWARGS):
        self.nova, self.servers = nova or Nova(), Servers(server('a'))
        self.servers.records = list(records)
        super().__init__('readmit.readmit_flow', kwargs, looks=looks, entries=entries, compute=self.nova, agents=self.nova,
                         servers=self.servers)

    def event(self, seconds=2000.0):
        self.run(seconds)
        assert len(self.outcomes) == 1
        return self.outcomes[0].event


def test_started_unforced_enabled_in_this_order():
    flow = Readmission()
    assert flow.event() is Event.HOST_READMITTED
    assert flow.nova.calls == ['unforce', 'enable']
    assert [sent[:3] for sent in flow.nova.sent] == [('enable-nova', HOST, 1)]


def test_nothing_is_done_before_it_was_seen_on_all_networks_several_times():
    flow = Readmission()
    flow.run(19)
    assert (flow.nova.sent, flow.nova.calls) == ([], [])
    assert flow.eyes.seen_at == [1000.0, 1010.0]


def test_one_look_that_misses_a_network_ends_it():
    flow = Readmission(looks=(fakes.UP, fakes.DOWN))
    assert flow.event() is Event.READMISSION_FAILED
    assert (flow.nova.sent, flow.nova.calls) == ([], [])


def test_a_host_that_is_lost_again_half_way_is_left():
    flow = Readmission(Nova(needs=99), looks=(fakes.UP, fakes.UP, fakes.UP, fakes.UP, fakes.DOWN))
    assert flow.event() is Event.READMISSION_FAILED
    assert flow.nova.calls == []


def test_the_agent_is_asked_again_after_a_minute():
    flow = Readmission(Nova(needs=3))
    assert flow.event() is Event.HOST_READMITTED
    times = [sent[3] for sent in flow.nova.sent]
    assert len(times) == 3
    assert all(60.0 <= later - earlier <= 62.0 for earlier, later in pairwise(times))


def test_a_nova_compute_that_never_starts_fails_in_time():
    flow = Readmission(Nova(needs=99))
    assert flow.event() is Event.READMISSION_FAILED
    assert 'not fit for service within 300 s' in flow.outcomes[0].reason
    assert flow.nova.calls == []


def test_a_leftover_record_keeps_it_out():
    flow = Readmission(records=[Evacuation(1, 'a', HOST, 'h2', 'pre-migrating')])
    assert flow.event() is Event.READMISSION_FAILED
    assert flow.nova.calls == []


def test_a_refused_unforce_is_tried_again():
    nova = Nova()
    nova.refuse_unforce = 2
    assert Readmission(nova).event() is Event.HOST_READMITTED
    assert nova.calls == ['unforce'] * 3 + ['enable']


def test_a_nova_that_does_not_answer_is_waited_for_until_the_time_is_up():
    flow = Readmission()
    flow.servers.down = Unavailable('503', driver='nova', operation='evacuations', host=HOST)
    assert flow.event() is Event.READMISSION_FAILED
    assert '503' in flow.outcomes[0].reason


def test_a_host_that_an_operator_disabled_stays_disabled():
    flow = Readmission(Nova(disabled_reason='broken fan'))
    assert flow.event() is Event.HOST_READMITTED
    assert flow.nova.calls == ['unforce']


def test_a_host_that_nova_does_not_know_is_refused():
    flow = Readmission(Nova())
    flow.nova.services = list
    assert flow.event() is Event.READMISSION_FAILED


def test_servers_that_were_never_ordered_away_are_closed_on_the_book():
    flow = Readmission(entries=[entry('a'), entry('b', phase=Phase.FAILED, reason='no room')])
    assert flow.event() is Event.HOST_READMITTED
    assert (flow.entry('a').phase, flow.entry('b').phase) == (Phase.SKIPPED, Phase.FAILED)
    assert flow.entry('a').reason


def test_a_crash_half_way_goes_on_from_what_nova_shows():
    flow = Readmission()
    flow.run(23.5)
    assert flow.nova.calls == ['unforce']
    flow.crash()
    assert flow.event() is Event.HOST_READMITTED
    assert flow.nova.calls == ['unforce', 'enable']


def test_without_the_lease_nothing_is_changed():
    flow = Readmission()
    flow.tools.leases.held = False
    flow.run(500)
    assert flow.nova.calls == []
