"""Moving servers: the intent before the call, doubt, tries, rounds, and the end of each."""

import json

import pytest

from hostha.core.book import Evacuation, Phase
from hostha.core.states import Event
from hostha.exceptions import OutcomeUnknown, Refused, Unavailable
from tests.unit.flows.bench import HOST, Bench, Servers, entry, server

DOUBT = OutcomeUnknown('no answer', driver='nova', operation='evacuate')
REFUSED = Refused('still in use', driver='nova', operation='evacuate')
UNAVAILABLE = Unavailable('429', driver='nova', operation='evacuate')


class Flow(Bench):
    """The evacuation of the servers of ``nova`` from h1."""

    def __init__(self, nova, *, entries=None, tries=3, attempts=1, parallel=10):
        self.nova = nova
        entries = [entry(s.id, s.state) for s in nova.servers.values()] if entries is None else entries
        kwargs = {'host': HOST, 'incident': 'h1.1', 'servers': [e.server for e in entries], 'attempts': attempts, 'pause': 30.0,
                  'tries': tries, 'interval': 10.0, 'parallel': parallel, 'poll': 2.0}
        super().__init__('evacuate.evacuate_flow', kwargs, entries=entries, servers=nova)


def test_a_server_is_ordered_once_followed_and_found_moved():
    flow = Flow(Servers(server('a'), takes=9.0))
    assert [outcome.event for outcome in flow.run(100)] == [Event.SERVERS_PLACED]
    assert flow.nova.orders() == [('a', 1000.0)]
    assert (flow.entry().phase, flow.entry().destination, flow.entry().answered) == (Phase.MOVED, 'h2', True)
    assert flow.entry().ended_at > flow.entry().started_at > 0


def test_the_intent_is_on_the_book_before_the_call():
    nova, seen = Servers(server('a')), []
    nova.records.append(Evacuation(1, 'x', HOST, 'h3', 'completed'))
    flow = Flow(nova)
    nova.watch = lambda call, name: seen.append(flow.entry(name))
    flow.run(100)
    assert [(e.phase, e.attempts, e.floor, e.answered) for e in seen] == [(Phase.ORDERED, 1, 1, False)]


def test_without_its_lease_nothing_is_ordered_and_nothing_noted():
    flow = Flow(Servers(server('a')))
    flow.tools.leases.held = False
    flow.run(100)
    assert (flow.nova.calls, flow.entry().phase) == ([], Phase.PENDING)


def test_an_order_in_doubt_that_arrived_is_followed():
    class Late(Servers):
        def evacuate(self, name):
            super().evacuate(name)
            raise DOUBT

    flow = Flow(Late(server('a')))
    assert [outcome.event for outcome in flow.run(100)] == [Event.SERVERS_PLACED]
    assert len(flow.nova.orders()) == 1


def test_an_order_in_doubt_is_sent_again_only_when_a_minute_shows_no_trace_of_it():
    flow = Flow(Servers(server('a'), do=(DOUBT, 'move')))
    flow.run(300)
    first, second = flow.nova.orders()
    assert second[1] - first[1] >= 60
    assert flow.entry().phase is Phase.MOVED


def test_a_crash_between_intent_and_answer_sends_nothing_twice():
    class Crashing(Servers):
        def evacuate(self, name):
            super().evacuate(name)
            flow.runner.drop_all()

    flow = Flow(Crashing(server('a')))
    flow.run(1)
    flow.nova.__class__ = Servers
    flow.crash()
    assert [outcome.event for outcome in flow.run(100)] == [Event.SERVERS_PLACED]
    assert len(flow.nova.orders()) == 1


def test_a_refusal_is_a_failed_try():
    flow = Flow(Servers(server('a'), do=(REFUSED, 'move')))
    flow.run(100)
    assert [at for _, at in flow.nova.orders()] == [1000.0, 1010.0]
    assert flow.entry().phase is Phase.MOVED


def test_a_busy_nova_costs_no_try():
    flow = Flow(Servers(server('a'), do=(UNAVAILABLE,) * 5 + ('move',)), tries=1)
    assert [outcome.event for outcome in flow.run(100)] == [Event.SERVERS_PLACED]
    assert len(flow.nova.orders()) == 6


def test_no_more_are_in_flight_than_allowed_in_the_order_of_the_book():
    nova = Servers(*(server(name) for name in 'cab'), takes=5.0)
    flow = Flow(nova, parallel=2)
    flow.run(3)
    assert sorted(name for name, _ in nova.orders()) == ['a', 'c']
    flow.run(100)
    assert nova.orders()[2][0] == 'b'
    assert nova.orders()[2][1] >= 1005.0


def test_tries_have_a_growing_pause_and_the_last_failure_is_on_the_book():
    flow = Flow(Servers(server('a'), do=('fail',), takes=0.0))
    assert [outcome.event for outcome in flow.run(300)] == [Event.SERVERS_PLACED]
    times = [at for _, at in flow.nova.orders()]
    assert len(times) == 3
    assert times[1] - times[0] == pytest.approx(12.0, abs=0.1)
    assert times[2] - times[1] == pytest.approx(17.0, abs=0.1)
    assert (flow.entry().phase, flow.entry().reason) == (Phase.FAILED, 'No valid host was found.')
    assert flow.entry().ended_at > 0
    assert '1 failed' in flow.outcomes[0].reason


def test_one_server_that_fails_holds_up_no_other():
    class Picky(Servers):
        def evacuate(self, name):
            self.do = ['fail' if name == 'a' else 'move']
            super().evacuate(name)

    nova = Picky(server('a'), server('b'), takes=1.0)
    flow = Flow(nova)
    flow.run(8)
    assert (flow.entry('a').phase, flow.entry('b').phase) == (Phase.PENDING, Phase.MOVED)
    flow.run(100)
    assert (flow.entry('a').phase, flow.entry('b').phase) == (Phase.FAILED, Phase.MOVED)
    assert [name for name, _ in nova.orders()].count('a') == 3


def test_a_crash_in_the_pause_between_two_tries_keeps_the_pause_and_the_count():
    flow = Flow(Servers(server('a'), do=('fail',), takes=0.0))
    flow.run(7)
    flow.crash()
    flow.run(300)
    times = [at for _, at in flow.nova.orders()]
    assert len(times) == 3
    assert times[1] == pytest.approx(1012.0)


def test_a_stopped_server_that_a_failed_try_made_active_is_stopped_again():
    class Forgetful(Servers):
        def _end(self, name, how, number):
            super()._end(name, how, number)
            if how == 'move':
                self.servers[name] = server(name, 'active', 'h2')

    flow = Flow(Forgetful(server('a', 'stopped')))
    flow.run(100)
    assert [call for call, *_ in flow.nova.calls] == ['evacuate', 'stop']
    assert flow.entry().phase is Phase.MOVED


def test_a_paused_server_is_reset_first():
    flow = Flow(Servers(server('a', 'paused')))
    flow.run(100)
    assert [call for call, *_ in flow.nova.calls] == ['reset', 'evacuate']


def test_a_delete_that_was_under_way_is_finished_not_undone():
    flow = Flow(Servers(server('a', task='deleting')))
    flow.run(100)
    assert [call for call, *_ in flow.nova.calls] == ['delete']
    assert (flow.entry().phase, flow.entry().reason) == (Phase.SKIPPED, 'deleted meanwhile')


def test_a_nova_that_does_not_answer_is_waited_for():
    nova = Servers(server('a'))
    flow = Flow(nova)
    nova.down = UNAVAILABLE
    flow.run(500)
    assert (flow.outcomes, nova.calls) == ([], [])
    nova.down = None
    assert [outcome.event for outcome in flow.run(100)] == [Event.SERVERS_PLACED]


def test_a_server_that_appears_late_goes_on_the_book():
    nova = Servers(server('a'))
    flow = Flow(nova)
    nova.servers['late'] = server('late')
    assert [outcome.event for outcome in flow.run(100)] == [Event.SERVERS_REMAINED]
    assert flow.entry('late').phase is Phase.PENDING


def test_one_look_serves_all_servers():
    class Counting(Servers):
        looks = 0

        def look(self, servers, host):
            self.looks += 1
            return super().look(servers, host)

    nova = Counting(*(server(f's{number}') for number in range(20)), takes=9.0)
    flow = Flow(nova, parallel=20)
    flow.run(8)
    assert nova.looks <= 5


def test_results_survive_json():
    flow = Flow(Servers(server('a')))
    flow.run(100)
    stored = list(flow.database.backend.get_connection().get_flow_details(flow.flow))
    tasks = [atom for atom in stored if not isinstance(atom.results, list)]
    assert len(tasks) >= 3
    assert all(json.loads(json.dumps(atom.results)) == atom.results for atom in tasks)
