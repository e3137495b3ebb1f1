"""What Nova is told: marked down and withdrawn; what does not answer is put off, never lost."""

import pytest

from hostha.core.states import Event
from hostha.exceptions import OutcomeUnknown, Refused, Unavailable
from tests.unit.flows.bench import HOST, Bench, Servers, entry, server

STALLS = [Unavailable('503', driver='nova', operation='x', host=HOST), OutcomeUnknown('no answer', driver='nova', operation='x', host=HOST)]
KWARGS = {'host': HOST, 'incident': 'h1.1'}


class Compute:
    def __init__(self, error=None):
        self.error, self.calls = error, []

    def _call(self, name, host, reason):
        self.calls.append((name, host, reason))
        if self.error:
            raise self.error

    def mark_down(self, host, reason):
        self._call('mark_down', host, reason)

    def stop_scheduling(self, host, reason):
        self._call('stop_scheduling', host, reason)


def test_marked_down_in_our_name_then_every_server_is_on_the_book():
    compute, nova = Compute(), Servers(server('a'), server('b', 'stopped'), server('c', host='h9'))
    flow = Bench('mark_down.mark_down_flow', KWARGS, compute=compute, servers=nova)
    assert [outcome.event for outcome in flow.run(10)] == [Event.HOST_MARKED_DOWN]
    assert compute.calls == [('mark_down', HOST, 'hostha: incident h1.1')]
    assert [(entry.server, entry.former_state) for entry in flow.book.entries('h1.1')] == [('a', 'active'), ('b', 'stopped')]


def test_what_is_on_the_book_keeps_its_former_state():
    nova = Servers(server('a', 'error'), server('b'))
    flow = Bench('mark_down.mark_down_flow', KWARGS, compute=Compute(), servers=nova, entries=[entry('a', 'stopped')])
    flow.run(10)
    assert [(kept.server, kept.former_state) for kept in flow.book.entries('h1.1')] == [('a', 'stopped'), ('b', 'active')]


@pytest.mark.parametrize('error', STALLS)
def test_a_nova_that_takes_no_mark_stalls_the_work_and_no_server_is_read(error):
    flow = Bench('mark_down.mark_down_flow', KWARGS, compute=Compute(error), servers=Servers(server('a')))
    assert [outcome.event for outcome in flow.run(10)] == [Event.WORK_STALLED]
    assert flow.book.entries('h1.1') == []


@pytest.mark.parametrize('error', STALLS)
def test_a_nova_that_shows_no_servers_stalls_the_work(error):
    nova = Servers(server('a'))
    nova.down = error
    flow = Bench('mark_down.mark_down_flow', KWARGS, compute=Compute(), servers=nova)
    assert [outcome.event for outcome in flow.run(10)] == [Event.WORK_STALLED]


@pytest.mark.parametrize('factory', ['mark_down.mark_down_flow', 'isolate.withdraw_flow'])
def test_a_refusal_is_told_to_the_operator(factory):
    flow = Bench(factory, KWARGS, compute=Compute(Refused('unknown host', driver='nova', operation='x')), servers=Servers())
    assert [outcome.event for outcome in flow.run(10)] == [Event.FLOW_FAILED]
    assert 'unknown host' in flow.outcomes[0].reason


def test_withdrawn():
    compute = Compute()
    flow = Bench('isolate.withdraw_flow', KWARGS, compute=compute)
    assert [outcome.event for outcome in flow.run(10)] == [Event.HOST_WITHDRAWN]
    assert compute.calls == [('stop_scheduling', HOST, 'hostha: incident h1.1')]


@pytest.mark.parametrize('error', STALLS)
def test_a_withdrawal_that_is_not_answered_is_put_off(error):
    flow = Bench('isolate.withdraw_flow', KWARGS, compute=Compute(error))
    assert [outcome.event for outcome in flow.run(10)] == [Event.WORK_STALLED]


@pytest.mark.parametrize('factory', ['mark_down.mark_down_flow', 'isolate.withdraw_flow'])
def test_nothing_is_done_without_the_lease(factory):
    compute = Compute()
    flow = Bench(factory, KWARGS, compute=compute, servers=Servers())
    flow.tools.leases.held = False
    flow.run(10)
    assert compute.calls == []
