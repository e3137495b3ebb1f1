"""Power, networks, Consul, agents and BMCs of the simulated world, and its time."""

import threading

import pytest

from hostha.core.model import Power
from hostha.core.observation import Member
from hostha.exceptions import OutcomeUnknown, Refused, Unavailable
from hostha.sim.consul import Health
from hostha.sim.host import Bmc
from hostha.sim.timing import Timing
from hostha.sim.world import World
from tests.unit.sim.conftest import order


def members(bench, host='c1'):
    return {reading.network: reading.sightings[host].member for reading in bench.liveness.read(0) if reading.readable}


def test_waiting_takes_virtual_time_only(bench):
    bench.clock.wait(threading.Event(), 3600)
    assert bench.clock.monotonic() == 3600


def test_waiting_ends_when_an_event_of_the_world_wakes(bench):
    wakeup = threading.Event()
    bench.world.stage.after(5, wakeup.set)
    bench.clock.wait(wakeup, 60)
    assert bench.clock.monotonic() == 5 and not wakeup.is_set()


def test_events_happen_in_the_order_of_their_time_and_then_of_their_planning(bench):
    seen = []
    for delay, name in ((2, 'c'), (1, 'a'), (1, 'b')):
        bench.world.stage.after(delay, lambda name=name: seen.append(name))
    bench.pass_time(3)
    assert seen == ['a', 'b', 'c']


def test_wall_time_and_monotonic_time_go_together():
    world = World(start=500.0, epoch=1000.0)
    world.advance(503.0)
    assert (world.stage.now, world.stage.wall) == (503.0, 1003.0)
    world.advance(400.0)
    assert world.stage.now == 503.0


def test_a_lost_host_is_seen_after_a_while_and_its_networks_apart():
    world = World(timing=Timing(detect=2.0, skew=(0.0, 3.5)), seed=1)
    host = world.add_host('c1')
    world.power_off('c1')
    world.advance(1.9)
    assert all(cluster.reading(0).sightings['c1'].passing for cluster in world.clusters.values())
    seen = [line.at for line in world.stage.timeline if 'failed' in line.text]
    world.advance(5.6)
    seen = [line.at for line in world.stage.timeline if 'failed' in line.text]
    assert len(seen) == 3 and 2.0 <= min(seen) < max(seen) <= 5.5 and not host.all_reached


def test_a_cut_is_seen_on_its_network_only_and_calls_back(bench):
    called = []
    bench.liveness.start(lambda: called.append(bench.clock.monotonic()))
    bench.world.set_link('c1', 'storage', False)
    bench.pass_time(10)
    assert members(bench) == {'management': Member.ALIVE, 'tenant': Member.ALIVE, 'storage': Member.FAILED}
    bench.world.set_link('c1', 'storage', True)
    bench.pass_time(10)
    assert called == [2.4, 10.3] and members(bench)['storage'] is Member.ALIVE
    bench.liveness.stop()
    bench.world.set_link('c1', 'storage', False)
    bench.pass_time(10)
    assert len(called) == 2


def test_a_flap_shorter_than_the_detection_is_never_seen(bench):
    bench.world.set_link('c1', 'storage', False)
    bench.pass_time(2)
    bench.world.set_link('c1', 'storage', True)
    bench.pass_time(10)
    assert 'consul' not in ' '.join(line.text for line in bench.world.stage.timeline)


def test_a_dead_agent_on_a_living_host_answers_a_ping(bench):
    bench.world.set_gossip('c1', 'storage', False)
    bench.world.power_off('c2')
    bench.pass_time(10)
    sightings = bench.liveness.read(0)[2].sightings
    assert (sightings['c1'].passing, sightings['c1'].answers_ping) == (False, True)
    assert (sightings['c2'].passing, sightings['c2'].answers_ping) == (False, False)


def test_a_graceful_leave_is_left_and_stays_so_when_the_host_dies(bench):
    bench.world.leave('c1', 'storage')
    assert members(bench)['storage'] is Member.LEFT
    bench.world.power_off('c1')
    bench.pass_time(10)
    assert members(bench)['storage'] is Member.LEFT and members(bench)['tenant'] is Member.FAILED


def test_autopilot_turns_a_dead_server_into_one_that_left():
    world = World(timing=Timing(skew=(0.0, 0.0), clean_up=(2.0, 2.0)))
    world.add_host('c1', controller=True)
    world.clusters['storage'].cleans_up = True
    world.power_off('c1')
    world.advance(3)
    assert world.clusters['storage'].reading(3).sightings['c1'].member is Member.FAILED
    world.advance(5)
    shown = world.clusters['storage'].reading(5)
    assert shown.cleans_up and shown.sightings['c1'].member is Member.LEFT and shown.sightings['c1'].passing is None
    assert world.clusters['tenant'].reading(5).sightings['c1'].member is Member.FAILED


@pytest.mark.parametrize('health', [Health.NO_LEADER, Health.DEAD])
def test_a_cluster_that_cannot_be_read_says_so(bench, health):
    bench.world.set_consul('tenant', health)
    assert [(reading.network, reading.readable, bool(reading.reason)) for reading in bench.liveness.read(0)] == [
        ('management', True, False), ('tenant', False, True), ('storage', True, False)]


def test_an_event_powers_the_host_off_once_an_epoch(bench):
    bench.world.add_server('s', 'c1')
    bench.world.set_link('c1', 'storage', False)
    assert bench.agents.send('fence', 'c1', 1) == ['management', 'tenant', 'storage']
    bench.pass_time(5)
    assert not bench.world.hosts['c1'].power and not bench.world.hosts['c1'].guests['s']
    assert bench.world.hosts['c2'].power


def test_a_dead_cluster_takes_no_event(bench):
    bench.world.set_link('c1', 'storage', False)
    bench.world.set_consul('storage', Health.DEAD)
    bench.world.set_consul('tenant', Health.NO_LEADER)
    assert bench.agents.send('fence', 'c1', 1) == ['management', 'tenant']
    for network in bench.world.networks:
        bench.world.set_consul(network, Health.DEAD)
    with pytest.raises(Unavailable):
        bench.agents.send('fence', 'c1', 1)


def test_an_event_for_a_host_that_is_cut_off_waits_for_the_end_of_the_cut(bench):
    for network in bench.world.networks:
        bench.world.set_link('c1', network, False)
    bench.agents.send('fence', 'c1', 1)
    bench.pass_time(30)
    assert bench.world.hosts['c1'].power
    bench.world.set_link('c1', 'tenant', True)
    bench.pass_time(5)
    assert not bench.world.hosts['c1'].power


def test_a_host_without_an_agent_does_not_obey(bench):
    bench.world.hosts['c1'].obeys = False
    bench.world.set_link('c1', 'storage', False)
    bench.agents.send('fence', 'c1', 1)
    bench.pass_time(30)
    assert bench.world.hosts['c1'].power


@pytest.mark.parametrize(('bmc', 'raises', 'at_once', 'later'), [
    (Bmc.OK, None, Power.OFF, Power.OFF), (Bmc.SLOW, None, Power.ON, Power.OFF), (Bmc.STUCK, None, Power.ON, Power.ON),
    (Bmc.TIMEOUT, OutcomeUnknown, Power.UNKNOWN, Power.UNKNOWN), (Bmc.REFUSE, Refused, Power.UNKNOWN, Power.UNKNOWN),
    (Bmc.LOST_ANSWER, OutcomeUnknown, Power.OFF, Power.OFF)])
def test_each_kind_of_bmc(bench, bmc, raises, at_once, later):
    bench.world.set_bmc('c1', bmc)
    if raises:
        with pytest.raises(raises):
            bench.fencer.off(order('c1'))
    else:
        bench.fencer.off(order('c1'))
    seen = [bench.fencer.power(order('c1'))]
    bench.pass_time(30)
    seen.append(bench.fencer.power(order('c1')))
    assert seen == [at_once, later]


def test_a_host_that_waits_for_permission_starts_nova_compute_when_told(bench):
    host = bench.world.hosts['c1']
    host.compute_at_boot = False
    bench.world.power_off('c1')
    bench.world.power_on('c1')
    bench.pass_time(20)
    assert host.booted and not host.compute
    bench.agents.send('enable-nova', 'c1', 1)
    bench.pass_time(1)
    assert host.compute
