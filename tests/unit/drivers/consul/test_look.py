import logging

import pytest

from hostha.core.observation import Member, Sighting
from hostha.drivers.consul import look as look_module
from hostha.drivers.consul.cluster import clusters
from hostha.drivers.consul.look import Look
from tests.unit.drivers.consul.conftest import FakePinger
from tests.unit.drivers.consul.fake import FAILED, FAULTS, HANGS, LEFT, FakeCluster
from tests.unit.fakes import ManualClock

AUTOPILOT = '/v1/operator/autopilot/configuration'
HEALTH, MEMBERS = '/v1/health/state/any', '/v1/agent/members'


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def look(cluster: FakeCluster, pinger: FakePinger, clock: ManualClock) -> Look:
    return Look(clusters(cluster.settings(timeout=0.2))[0], pinger, clock)


class TestReadable:
    def test_all_well(self, look: Look, clock: ManualClock) -> None:
        reading = look()
        assert (reading.network, reading.readable, reading.at) == ('management', True, clock.now)
        assert reading.sightings['compute-1'] == Sighting(Member.ALIVE, True)
        assert reading.sightings['ctl1'] == Sighting(Member.ALIVE, True, server=True)
        assert set(reading.sightings) == {'ctl1', 'ctl2', 'ctl3', 'compute-1', 'compute-10'}

    def test_the_quorum_is_asked(self, look: Look, cluster: FakeCluster) -> None:
        look()
        assert cluster.requests[0].parameters == {'consistent': '1'}

    def test_checks_of_services_and_maintenance_say_nothing(self, look: Look, cluster: FakeCluster) -> None:
        cluster.other_checks = [{'Node': 'compute-1', 'CheckID': '_node_maintenance', 'Status': 'critical'}]
        assert look().sightings['compute-1'].passing

    def test_an_empty_list_is_passed_on(self, look: Look, cluster: FakeCluster) -> None:
        cluster.nodes.clear()
        reading = look()
        assert reading.readable
        assert not reading.sightings

    def test_left_is_not_failed(self, look: Look, cluster: FakeCluster) -> None:
        cluster.set('compute-1', status=LEFT, passing=None)
        assert look().sightings['compute-1'] == Sighting(Member.LEFT, None)


class TestPing:
    @pytest.mark.parametrize('answer', [True, False, None])
    def test_a_failed_host_gets_a_second_opinion_and_nobody_else(
            self, look: Look, cluster: FakeCluster, pinger: FakePinger, answer: bool | None) -> None:
        cluster.set('compute-1', status=FAILED, passing=False)
        pinger.answers = {} if answer is None else {'192.0.2.101': answer}
        assert look().sightings['compute-1'] == Sighting(Member.FAILED, False, False, answer)
        assert pinger.asked == [{'192.0.2.101'}]

    def test_all_failed_hosts_in_one_call(self, look: Look, cluster: FakeCluster, pinger: FakePinger) -> None:
        cluster.set('compute-1', passing=False)
        cluster.set('compute-10', status=FAILED)
        look()
        assert pinger.asked == [{'192.0.2.101', '192.0.2.102'}]

    def test_a_host_that_left_is_not_asked(self, look: Look, cluster: FakeCluster, pinger: FakePinger) -> None:
        cluster.set('compute-1', status=LEFT, passing=None)
        look()
        assert pinger.asked == [set()]


class TestUnreadable:
    @pytest.mark.parametrize('fault', [*FAULTS, HANGS])
    def test_no_fault_is_a_reading(self, look: Look, cluster: FakeCluster, clock: ManualClock, fault: str) -> None:
        cluster.fail(fault)
        reading = look()
        assert (reading.readable, dict(reading.sightings), reading.at) == (False, {}, clock.now)
        assert reading.reason.count('127.0.0.1') == 3 or 'not an answer of Consul' in reading.reason

    @pytest.mark.parametrize('fault', [*FAULTS, HANGS])
    def test_one_good_server_is_enough(self, look: Look, cluster: FakeCluster, fault: str) -> None:
        cluster.servers[0].fault = cluster.servers[2].fault = fault
        assert look().readable
        bad = cluster.servers[0].hits
        assert look().readable
        assert cluster.servers[0].hits == bad, 'the good one was not remembered'

    @pytest.mark.parametrize('fault', ['other service', 'weak token', 'wrong items', 'null', HANGS])
    def test_the_member_list_is_needed_as_well(self, look: Look, cluster: FakeCluster, fault: str) -> None:
        cluster.fail(fault)
        for server in cluster.servers:
            server.faulty_path = MEMBERS
        assert not look().readable

    def test_all_servers_dead(self, look: Look, cluster: FakeCluster) -> None:
        for server in cluster.servers:
            server.close()
        assert 'cannot connect' in look().reason

    def test_no_leader(self, look: Look, cluster: FakeCluster) -> None:
        cluster.leader = False
        assert 'No cluster leader' in look().reason
        cluster.leader = True
        assert look().readable

    def test_it_is_logged_once_each_way(self, look: Look, cluster: FakeCluster, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO)
        cluster.leader = False
        look(), look()
        cluster.leader = True
        look(), look()
        lines = [(record.levelname, record.getMessage()[:39]) for record in caplog.records]
        assert lines == [('WARNING', 'The management network cannot be judged'), ('INFO', 'The management network can be judged ag')]


class TestAutopilot:
    @pytest.mark.parametrize('setting', [True, False])
    def test_the_setting_is_told(self, look: Look, cluster: FakeCluster, setting: bool) -> None:
        cluster.cleans_up = setting
        assert look().cleans_up is setting

    @pytest.mark.parametrize('fault', ['weak token', 'no leader', 'other service', 'not there', HANGS])
    def test_a_setting_that_cannot_be_read_is_taken_as_on(self, look: Look, cluster: FakeCluster, fault: str) -> None:
        cluster.cleans_up = False
        cluster.fail(fault)
        for server in cluster.servers:
            server.faulty_path = AUTOPILOT
        reading = look()
        assert reading.readable
        assert reading.cleans_up

    def test_it_is_read_seldom(self, look: Look, cluster: FakeCluster, clock: ManualClock) -> None:
        for _ in range(5):
            look()
            clock.now += look_module.AUTOPILOT_AGE / 5
        assert cluster.count(AUTOPILOT) == 1
        cluster.cleans_up = False
        assert look().cleans_up is False
        assert cluster.count(AUTOPILOT) == 2
