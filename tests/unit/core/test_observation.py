"""What is concluded from what Consul reports, in the order in which it was reported."""

from hostha.core.model import Link
from hostha.core.observation import Member, Memory, Reading, Sighting, judge

UP = Sighting(Member.ALIVE, True)
CRITICAL = Sighting(Member.FAILED, False, answers_ping=False)
LEFT = Sighting(Member.LEFT, None)
OTHERS = {f'o{n}': UP for n in range(5)}


class Network:
    """Feeds readings to judge(), one after the other."""

    def __init__(self) -> None:
        self.memory, self.at = Memory(), 0.0

    def shows(self, sighting: Sighting | None, **reading):
        self.at += 10.0
        sightings = dict(OTHERS) if sighting is None else OTHERS | {'h1': sighting}
        return self.read(Reading('tenant', True, '', self.at, sightings, **reading))

    def read(self, reading: Reading):
        seen, self.memory = judge(reading, self.memory, ['h1'])
        return seen['h1']


def links(*sightings, **reading):
    network = Network()
    return [network.shows(sighting, **reading).link for sighting in sightings]


def test_alive_is_up_and_failed_is_down():
    assert links(UP, CRITICAL, UP) == [Link.UP, Link.DOWN, Link.UP]


def test_a_host_dead_since_before_the_first_look_is_down():
    assert links(CRITICAL) == [Link.DOWN]


def test_critical_but_answering_a_ping_is_up():
    network = Network()
    seen = network.shows(Sighting(Member.FAILED, False, answers_ping=True))
    assert (seen.link, seen.reason) == (Link.UP, 'critical in Consul, but answers a ping')


def test_critical_is_down_also_when_nobody_could_ping():
    assert links(Sighting(Member.FAILED, False)) == [Link.DOWN]


def test_only_alive_straight_to_left_is_graceful():
    assert links(UP, LEFT, LEFT) == [Link.UP, Link.LEFT, Link.LEFT]
    assert links(UP, Sighting(Member.LEAVING, True), LEFT) == [Link.UP, Link.UP, Link.LEFT]
    assert links(UP, CRITICAL, LEFT, LEFT) == [Link.UP, Link.DOWN, Link.DOWN, Link.DOWN]


def test_force_leave_of_a_host_that_is_still_critical_is_down():
    assert links(UP, Sighting(Member.LEFT, False, answers_ping=False)) == [Link.UP, Link.DOWN]


def test_a_servers_left_is_never_graceful_while_autopilot_cleans_up():
    server = Sighting(Member.LEFT, None, server=True)
    assert links(UP, server) == [Link.UP, Link.DOWN]
    assert links(UP, server, cleans_up=False) == [Link.UP, Link.LEFT]


def test_gone_from_the_lists_keeps_a_loss_but_proves_none():
    assert links(UP, CRITICAL, None) == [Link.UP, Link.DOWN, Link.DOWN]
    assert links(UP, None) == [Link.UP, Link.UNKNOWN]
    assert links(None) == [Link.UNKNOWN]


def test_an_unreadable_cluster_says_nothing_and_forgets_nothing():
    network = Network()
    network.shows(UP)
    network.shows(CRITICAL)
    blind = network.read(Reading('tenant', False, 'no leader', 30.0))
    assert (blind.link, blind.reason) == (Link.UNKNOWN, 'no leader')
    assert network.shows(LEFT).link is Link.DOWN


def test_less_than_half_of_the_usual_members_says_nothing():
    network = Network()
    network.shows(UP)
    seen = network.read(Reading('tenant', True, '', 20.0, {'o1': UP, 'h1': CRITICAL}))
    assert (seen.link, seen.reason) == (Link.UNKNOWN, 'the cluster shows 2 of its usual 6 members')
    assert network.read(Reading('tenant', True, '', 30.0, {})).link is Link.UNKNOWN


def test_since_is_when_the_state_began():
    network = Network()
    sinces = [network.shows(sighting).since for sighting in (UP, UP, CRITICAL, CRITICAL, UP)]
    assert sinces == [10.0, 10.0, 30.0, 30.0, 50.0]
