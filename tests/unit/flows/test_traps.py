"""What went wrong once, or could: each of these is a way to lose a server or to run it twice."""

import threading
from dataclasses import replace

import pytest

from hostha.core.book import Act, Evacuation, Phase, next_act
from hostha.core.states import Event
from hostha.engine.loop import Workers
from hostha.exceptions import OutcomeUnknown, Refused, StoreUnavailable
from tests.unit import fakes
from tests.unit.flows.bench import HOST, Servers, entry, server
from tests.unit.flows.test_evacuate import Flow
from tests.unit.flows.test_fence import Fence, Fencer
from tests.unit.flows.test_readmit import Nova, Readmission

DOUBT = OutcomeUnknown('no answer', driver='nova', operation='evacuate')


def test_a_server_whose_target_died_half_way_is_ordered_again():
    """Nova keeps task and record for ever: they must not pass for somebody else's evacuation."""
    stuck = server('a', task='rebuild_spawning')
    records = [Evacuation(5, 'a', HOST, 'h2', 'pre-migrating')]
    ordered = entry('a', phase=Phase.ORDERED, attempts=1, floor=4, answered=True)
    assert next_act(ordered, stuck, records, 0.0, {'h2'}).act is Act.FAILED
    assert next_act(replace(ordered, phase=Phase.PENDING), stuck, records, 0.0, {'h2'}).act is Act.ORDER


def test_servers_that_failed_are_tried_again_in_the_next_round_and_rounds_end():
    flow = Flow(Servers(server('a'), do=('fail',), takes=0.0), tries=1, attempts=2)
    flow.run(500)
    assert len(flow.nova.orders()) == 2
    assert [outcome.event for outcome in flow.outcomes] == [Event.SERVERS_PLACED]
    assert flow.entry().phase is Phase.FAILED


def test_a_wall_clock_that_jumps_ends_no_doubt():
    flow = Flow(Servers(server('a'), do=(DOUBT, 'move')))
    flow.run(5)
    flow.clock.wall += 3600
    flow.run(40)
    assert len(flow.nova.orders()) == 1


def test_a_call_that_hung_is_in_doubt_from_its_end_on():
    class Hanging(Servers):
        def evacuate(self, name):
            if not self.orders():
                self.clock.now += 90
            super().evacuate(name)

    flow = Flow(Hanging(server('a'), do=(DOUBT, 'move')))
    flow.run(130)
    assert len(flow.nova.orders()) == 1


def test_a_reset_that_is_refused_ends_the_server_with_a_reason():
    class Strict(Servers):
        def reset(self, name):
            super().reset(name)
            self.servers[name] = server(name, 'paused')
            raise Refused('policy', driver='nova', operation='reset')

    flow = Flow(Strict(server('a', 'paused')))
    flow.run(3600)
    assert flow.outcomes
    assert (flow.entry().phase, 'policy' in flow.entry().reason) == (Phase.FAILED, True)


def test_a_server_that_waits_to_be_tried_again_lets_the_next_one_go():
    class Picky(Servers):
        def evacuate(self, name):
            self.do = ['fail' if name == 'a' else 'move']
            super().evacuate(name)

    flow = Flow(Picky(server('a'), server('b'), takes=0.0), parallel=1)
    flow.run(8)
    assert flow.entry('b').phase is Phase.MOVED


def test_what_a_server_waits_for_is_on_the_book():
    flow = Flow(Servers(server('a'), do=('hang',)))
    flow.run(600)
    assert flow.entry().reason != 'ordered'


@pytest.mark.parametrize('call', ['entries', 'save'])
def test_a_database_that_is_away_for_a_moment_costs_no_try(call, monkeypatch):
    flow = Flow(Servers(server('a'), do=('move',)), tries=1)
    real, away = getattr(flow.book, call), [True]

    def hiccup(*args):
        if away:
            away.clear()
            raise StoreUnavailable('restarting')
        return real(*args)

    monkeypatch.setattr(type(flow.book), call, lambda self, *args: hiccup(*args))
    flow.run(100)
    assert [outcome.event for outcome in flow.outcomes if outcome] == [Event.SERVERS_PLACED]
    assert len(flow.nova.orders()) == 1


def test_a_database_that_is_away_when_the_lease_is_checked_ends_no_fencing(monkeypatch):
    fencer = Fencer()
    fence = Fence(fencer)
    away = [True]

    def holds(job, engine):
        if away:
            away.clear()
            raise StoreUnavailable('restarting')
        return True

    monkeypatch.setattr(fence.tools.leases, 'holds', holds, raising=False)
    assert fence.outcome().event is Event.HOST_FENCED


def test_a_lease_that_was_late_for_a_moment_stalls_no_flow():
    """The engine still holds the incident, its renewal was only late: somebody has to be told that the flow stands still."""
    fencer = Fencer()
    fence = Fence(fencer)
    fence.tools.leases.held = False
    fence.run(10)
    fence.tools.leases.held = True
    fence.run(100)
    assert fence.outcomes or len(fence.runner), 'the flow is gone, and nobody was told'


def test_a_host_that_is_back_when_a_fencing_is_resumed_is_not_fenced():
    """All engines were away between the decision and the order."""
    fencer = Fencer()
    fence = Fence(fencer, looks=(fakes.UP,))
    assert fence.outcome().event is Event.LOSS_CHANGED
    assert fencer.asked == []


def test_a_host_that_comes_back_between_two_levels_is_not_fenced():
    fencer = Fencer()
    fence = Fence(Fencer(off_after=None), fencer, looks=(fakes.DOWN, fakes.UP))
    fence.run(1000)
    assert fencer.asked == []


def test_a_flow_that_was_dropped_orders_nothing_any_more():
    """Its worker was inside a slow look at Nova when the host was seen alive."""
    class Slow(Servers):
        gate, reached = threading.Event(), threading.Event()

        def evacuations(self, host):
            self.reached.set()
            assert self.gate.wait(20)
            return super().evacuations(host)

    nova = Slow(server('a'))
    flow = Flow(nova)
    workers = flow.runner.workers = Workers(flow.loop, 2)
    flow.loop.run_once()
    for _ in range(100):
        if nova.reached.wait(0.1):
            break
        flow.loop.run_once()
    flow.runner.drop_host('h1')
    nova.gate.set()
    workers.stop()
    assert nova.orders() == []
    assert flow.entry().phase is Phase.PENDING


def test_a_flow_that_is_taken_up_anew_while_its_old_worker_still_looks_orders_once():
    """As after a write that failed: the same engine goes on with the flow a second later."""
    class Slow(Servers):
        gate, reached = threading.Event(), threading.Event()

        def evacuations(self, host):
            if threading.current_thread() is not threading.main_thread():
                self.reached.set()
                assert self.gate.wait(20)
                return []
            return super().evacuations(host)

        def look(self, servers, host):
            return {name: server(name) for name in servers}

    nova = Slow(server('a'))
    flow = Flow(nova)
    workers = flow.runner.workers = Workers(flow.loop, 2)
    for _ in range(100):
        flow.loop.run_once()
        if nova.reached.wait(0.1):
            break
    flow.crash('run-1')
    flow.run(2)
    assert len(nova.orders()) == 1
    nova.gate.set()
    workers.stop()
    assert len(nova.orders()) == 1


def test_a_flow_that_was_dropped_does_not_end_the_one_that_took_it_up():
    """Both bear the same id; the old one comes to its end only after the new one was started."""
    flow = Flow(Servers(server('a'), takes=20.0))
    flow.run(5)
    flow.runner.drop_host('h1')
    flow.runner.start(fakes.context(flow.tools, HOST), flow.flow)
    assert [outcome.event for outcome in flow.run(100)] == [Event.SERVERS_PLACED]
    assert len(flow.nova.orders()) == 1


def test_a_returned_host_follows_its_servers_to_their_end():
    """They were ordered away before it was seen alive; nobody else follows them in this state."""
    flow = Readmission(entries=[entry('a', phase=Phase.ORDERED, attempts=1, answered=True, ordered_at=1.0)])
    flow.servers.servers['a'] = server('a', host='h2')
    assert flow.event() is Event.HOST_READMITTED
    assert flow.entry().phase is Phase.MOVED


def test_nova_compute_is_not_started_while_a_server_is_on_its_way():
    """Started too early it completes records that come back when the rebuilds end, and destroy a healthy server at a later start."""
    flow = Readmission(entries=[entry('a', phase=Phase.ORDERED, attempts=1, answered=True, ordered_at=1.0)])
    flow.servers.servers['a'] = server('a', task='rebuild_spawning')
    flow.run(200)
    assert flow.nova.sent == []


def test_nova_compute_is_started_once_more_for_records_that_are_left():
    class Twice(Nova):
        def send(self, command, host, epoch):
            records[:] = [record for record in records if record.id != len(self.sent) + 1]
            return super().send(command, host, epoch)

    flow = Readmission(Twice())
    records = flow.servers.records = [Evacuation(1, 'a', HOST, 'h2', 'done'), Evacuation(2, 'a', HOST, 'h2', 'done')]
    assert flow.event() is Event.HOST_READMITTED


def test_an_engine_without_the_lease_starts_no_nova_compute():
    flow = Readmission()
    flow.tools.leases.held = False
    flow.run(200)
    assert flow.nova.sent == []


def test_a_slow_nova_holds_up_one_worker_not_all():
    """While one task looks, the others of the same host come back later instead of blocking a worker each."""
    class Slow(Servers):
        gate, reached = threading.Event(), threading.Event()

        def evacuations(self, host):
            self.reached.set()
            assert self.gate.wait(20)
            return super().evacuations(host)

    nova = Slow(*(server(f's{number}') for number in range(8)))
    flow = Flow(nova)
    workers, free = Workers(flow.loop, 4), threading.Event()
    flow.runner.workers = workers
    for _ in range(100):
        flow.loop.run_once()
        if nova.reached.wait(0.05):
            break
    flow.loop.run_once()
    workers.submit(free.set)
    got = free.wait(3)
    nova.gate.set()
    flow.runner.drop_all()
    workers.stop()
    assert got, 'every worker waits for the same answer of Nova'


