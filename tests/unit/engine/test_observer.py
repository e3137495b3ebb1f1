"""What the engine sees, and what it says of hosts that it cannot see."""

from hostha.core.brakes import Limits
from hostha.core.model import HostRecord, Link
from hostha.core.observation import Member, Reading, Sighting
from hostha.core.states import Event, State
from hostha.engine.observer import Observer
from hostha.settings import Judgement
from tests.unit.fakes import ManualClock

UP, DOWN = Sighting(Member.ALIVE, True), Sighting(Member.FAILED, False, answers_ping=False)
NETWORKS = ('management', 'tenant', 'storage')


class Networks:
    """A Liveness of which the test says what is down."""

    def __init__(self, clock):
        self.clock, self.down, self.reads = clock, set(), []

    def read(self, max_age):
        self.reads.append(max_age)
        return [Reading(network, True, '', self.clock.now,
                        {host: DOWN if (host, network) in self.down else UP for host in ('h1', 'h2', 'h3')}) for network in NETWORKS]


class Store:
    def __init__(self, *records):
        self._records = records

    def records(self):
        return self._records


def observer(*records, limit=3):
    clock = ManualClock()
    networks = Networks(clock)
    made = Observer(networks, Store(*records), clock, Judgement(limits=Limits(limit)))
    made.watch(('h1', 'h2'))
    return made, networks, clock


def test_a_look_is_fresh_and_shared():
    made, networks, clock = observer()
    assert made.look('h1').pattern == '111'
    networks.down = {('h1', 'storage')}
    clock.now += 10
    seen = made.look('h1')
    assert (seen.pattern, made.look('h2').pattern) == ('110', '111')
    assert networks.reads == [Observer.FRESH] * 3
    assert 'turned down less than' in seen.held


def test_nothing_is_concluded_of_a_host_that_is_not_watched():
    made, _, _ = observer()
    seen = made.look('h3')
    assert (seen.pattern, seen.any_down, seen.all_up) == ('???', False, False)
    assert 'not observed' in seen.held


def test_there_is_no_view_before_every_network_was_read():
    made, _, _ = observer()
    assert made.views() == {}
    made.refresh()
    assert set(made.views()) == {'h1', 'h2'}
    assert made.views()['h1']['tenant'].link is Link.UP


def test_hosts_that_are_entered_later_are_judged_at_the_next_look():
    made, _, _ = observer()
    made.refresh()
    assert made.watch(('h1', 'h2', 'h3'))
    assert not made.watch(('h1', 'h2', 'h3'))
    assert set(made.views()) == {'h1', 'h2'}
    made.refresh()
    assert set(made.views()) == {'h1', 'h2', 'h3'}


def test_the_choice_is_braked_by_all_hosts_of_one_snapshot():
    records = HostRecord('h1', State.SUSPECT), HostRecord('h2', State.SUSPECT)
    for limit, event in ((1, Event.VERDICT_WITHHELD), (2, Event.FENCE_CHOSEN)):
        made, networks, clock = observer(*records, limit=limit)
        networks.down = {('h1', 'storage'), ('h2', 'storage')}
        made.refresh()
        clock.now += 10
        assert made.choose('h1', made.look('h1')).event is event
