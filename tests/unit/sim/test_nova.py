"""Each trap that was measured of Nova exists in the simulated one."""

import pytest

from hostha.exceptions import OutcomeUnknown, Refused, Unavailable
from hostha.sim.checker import InvariantViolated
from hostha.sim.inventory import Record


def unchecked(bench):
    """Let a test do what hostha must never do."""
    bench.world.checker.before = lambda *_: None
    bench.world.checker.before_server = lambda *_: None


def test_an_evacuated_server_runs_elsewhere_and_its_record_is_done(bench):
    bench.world.add_server('s', 'c1')
    bench.lose('c1')
    bench.servers.evacuate('s')
    assert bench.record('c1') == 'accepted' and bench.server('s').task == 'rebuilding' and bench.server('s').host == 'c1'
    bench.pass_time(2)
    assert bench.record('c1') == 'pre-migrating' and bench.server('s').task == 'rebuild_spawning'
    bench.pass_time(10)
    moved = bench.server('s')
    assert moved.host in ('c2', 'c3') and moved.state == 'active' and not moved.task
    assert bench.record('c1') == 'done' and bench.world.hosts[moved.host].guests['s']


def test_a_second_evacuate_is_accepted_and_the_server_runs_twice(bench):
    unchecked(bench)
    bench.world.add_server('s', 'c1')
    bench.lose('c1')
    bench.servers.evacuate('s')
    bench.servers.evacuate('s')
    with pytest.raises(InvariantViolated, match='s runs twice'):
        bench.pass_time(20)


def test_evacuate_is_refused_while_the_source_is_up(bench):
    unchecked(bench)
    bench.world.add_server('s', 'c1')
    bench.world.power_off('c1')
    with pytest.raises(Refused, match='still in use'):
        bench.servers.evacuate('s')
    bench.pass_time(61)
    bench.servers.evacuate('s')


@pytest.mark.parametrize('state', ['paused', 'suspended', 'rescued', 'resized', 'soft-delete'])
def test_evacuate_is_refused_in_some_states_and_works_after_a_reset(bench, state):
    unchecked(bench)
    bench.world.add_server('s', 'c1', state)
    bench.lose('c1')
    with pytest.raises(Refused, match=f'vm_state {state}'):
        bench.servers.evacuate('s')
    bench.servers.reset('s')
    bench.servers.evacuate('s')
    bench.pass_time(20)
    assert bench.server('s').state == 'active'


def test_a_server_never_launched_is_refused_even_after_a_reset(bench):
    bench.world.add_server('s', 'c1', 'building', launched=False)
    bench.lose('c1')
    bench.servers.reset('s')
    with pytest.raises(Refused):
        bench.servers.evacuate('s')


def test_a_shelved_server_is_on_no_host(bench):
    bench.world.add_server('s', '', 'shelved_offloaded')
    assert not bench.servers.on_host('c1')
    with pytest.raises(Refused):
        bench.servers.evacuate('s')


def test_an_unknown_server_is_refused(bench):
    with pytest.raises(Refused, match='could not be found'):
        bench.servers.evacuate('s')


def test_a_stopped_server_runs_for_a_moment_and_is_stopped(bench):
    bench.world.add_server('s', 'c1', 'stopped')
    bench.lose('c1')
    bench.servers.evacuate('s')
    bench.pass_time(6.1)
    target = bench.world.hosts[bench.server('s').host]
    assert target.guests['s']
    bench.pass_time(1)
    assert not target.guests['s'] and bench.server('s').state == 'stopped'


def test_an_errored_server_comes_back_active(bench):
    bench.world.add_server('s', 'c1', 'error')
    bench.lose('c1')
    bench.servers.evacuate('s')
    bench.pass_time(20)
    assert bench.server('s').state == 'active'


def test_a_server_on_its_way_to_deletion_is_revived_by_an_evacuation(bench):
    unchecked(bench)
    bench.world.add_server('s', 'c1', task='deleting')
    bench.lose('c1')
    bench.servers.evacuate('s')
    bench.pass_time(20)
    assert bench.server('s').state == 'active' and not bench.server('s').task


def test_without_a_valid_host_the_server_is_in_error_on_its_source(bench):
    bench.world.nova.faults.no_valid_host = True
    bench.world.add_server('s', 'c1')
    bench.lose('c1')
    bench.servers.evacuate('s')
    bench.pass_time(20)
    shown = bench.server('s')
    assert (shown.host, shown.state, shown.task) == ('c1', 'error', '') and 'No valid host' in shown.fault
    assert bench.record('c1') == 'error'


def test_without_room_there_is_no_valid_host(bench):
    bench.world.hosts['c2'].room = 1
    bench.world.hosts['c3'].room = 0
    for name in ('s', 't'):
        bench.world.add_server(name, 'c1')
    bench.lose('c1')
    bench.servers.evacuate('s')
    bench.servers.evacuate('t')
    bench.pass_time(20)
    assert (bench.server('s').host, bench.server('t').host) == ('c2', 'c1')


def test_a_failed_rebuild_loses_the_former_state(bench):
    bench.world.nova.faults.failing_rebuilds = 1
    bench.world.add_server('s', 'c1', 'stopped')
    bench.lose('c1')
    bench.servers.evacuate('s')
    bench.pass_time(20)
    assert bench.server('s').state == 'error' and bench.record('c1') == 'failed'
    bench.servers.evacuate('s')
    bench.pass_time(20)
    assert bench.server('s').state == 'active'


def test_an_order_for_a_dead_target_waits_for_its_return(bench):
    bench.world.add_server('s', 'c1')
    bench.compute.stop_scheduling('c3', 'hostha: test')
    bench.world.power_off('c2')
    bench.lose('c1')
    bench.servers.evacuate('s')
    bench.pass_time(100)
    assert bench.record('c1') == 'accepted' and bench.server('s').task == 'rebuilding'
    bench.world.power_on('c2')
    bench.pass_time(30)
    assert bench.server('s').host == 'c2' and bench.record('c1') == 'done'


def test_an_order_that_waited_too_long_calls_a_healthy_server_broken(bench):
    unchecked(bench)
    bench.world.add_server('s', 'c1')
    bench.compute.stop_scheduling('c3', 'hostha: test')
    bench.world.power_off('c2')
    bench.lose('c1')
    bench.servers.evacuate('s')
    bench.pass_time(5)
    bench.compute.mark_down('c2', 'hostha: test')
    bench.compute.enable('c3')
    bench.servers.evacuate('s')
    bench.pass_time(20)
    assert bench.server('s').host == 'c3'
    bench.world.power_on('c2')
    bench.pass_time(30)
    assert (bench.server('s').state, bench.server('s').task) == ('error', 'rebuilding')
    assert bench.world.hosts['c3'].guests['s']


def test_a_target_that_dies_leaves_record_and_task_for_ever(bench):
    bench.world.add_server('s', 'c1')
    bench.compute.stop_scheduling('c3', 'hostha: test')
    bench.lose('c1')
    bench.servers.evacuate('s')
    bench.pass_time(3)
    bench.lose('c2')
    bench.pass_time(200)
    assert bench.record('c1') == 'pre-migrating' and bench.server('s').task == 'rebuild_spawning'
    bench.compute.enable('c3')
    bench.servers.evacuate('s')
    bench.pass_time(20)
    assert bench.server('s').host == 'c3' and [bench.record('c1', n) for n in (0, 1)] == ['pre-migrating', 'done']


def returned(bench):
    bench.world.power_on('c1')
    bench.pass_time(20)


def test_unforce_is_refused_while_records_are_done_and_a_start_completes_them(bench):
    bench.world.add_server('s', 'c1')
    bench.lose('c1')
    bench.servers.evacuate('s')
    bench.pass_time(20)
    with pytest.raises(Refused, match='`done`'):
        bench.compute.unforce('c1')
    returned(bench)
    assert bench.record('c1') == 'completed'
    bench.compute.unforce('c1')
    bench.compute.enable('c1')
    service = next(service for service in bench.compute.services() if service.host == 'c1')
    assert service.up and service.enabled and not service.forced_down


def test_a_leftover_record_destroys_the_server_at_a_later_start(bench):
    unchecked(bench)
    bench.world.add_server('s', 'c1')
    bench.compute.stop_scheduling('c3', 'hostha: test')
    bench.lose('c1')
    bench.servers.evacuate('s')
    bench.pass_time(3)
    bench.lose('c2')
    returned(bench)
    bench.world.nova.inventory.records[0].status = 'pre-migrating'
    instance = bench.world.nova.inventory.instances['s']
    instance.host, instance.task = 'c1', ''
    bench.world.hosts['c1'].guests['s'] = True
    bench.world.start_compute('c1')
    with pytest.raises(InvariantViolated, match='destroyed by a leftover record'):
        bench.pass_time(10)


def test_a_source_started_too_early_gets_its_done_records_back(bench):
    bench.world.add_server('s', 'c1')
    bench.lose('c1')
    bench.world.power_on('c1')
    bench.pass_time(9)
    bench.world.checker.before_server = lambda *_: None
    bench.servers.evacuate('s')
    bench.pass_time(4.9)
    assert bench.record('c1') == 'completed'
    bench.pass_time(5)
    assert bench.record('c1') == 'done'


def test_one_start_completes_one_record_a_server(bench):
    bench.lose('c1')
    bench.world.nova.inventory.records += [Record(n, 's', 'c1', 'done', 'c2') for n in (1, 2)]
    returned(bench)
    assert [bench.record('c1', n) for n in (0, 1)] == ['completed', 'done']
    bench.world.start_compute('c1')
    bench.pass_time(5)
    assert [bench.record('c1', n) for n in (0, 1)] == ['completed', 'completed']


def test_servers_not_moved_are_stopped_when_their_host_is_back(bench):
    bench.world.add_server('s', 'c1')
    bench.lose('c1')
    returned(bench)
    assert bench.server('s').state == 'stopped'


def test_a_dead_nova_compute_is_up_for_a_minute(bench):
    bench.pass_time(5)
    bench.world.power_off('c1')
    up = []
    for _ in range(7):
        up.append(bench.compute.services()[0].up)
        bench.pass_time(10)
    assert up == [True] * 6 + [False]


def test_updated_at_of_a_forced_down_service_moves_with_its_heartbeat(bench):
    bench.lose('c1')
    bench.world.power_on('c1')
    bench.pass_time(15)
    readings = []
    for _ in range(2):
        readings.append(bench.compute.services()[0].updated_at)
        bench.pass_time(10)
    assert readings[0] != readings[1] and not bench.compute.services()[0].up


def test_a_host_that_somebody_else_disabled_keeps_the_reason(bench):
    bench.world.nova.put_service(bench.world.nova.service('c1', ''), enabled=False, reason='mine')
    bench.lose('c1')
    service = bench.compute.services()[0]
    assert service.forced_down and service.disabled_reason == 'mine' and not service.disabled_by_us


def test_an_unknown_host_is_refused(bench):
    with pytest.raises(Refused):
        bench.compute.mark_down('c9', 'hostha: test')


def test_a_delete_on_a_forced_down_host_is_done_at_once_and_takes_its_records_along(bench):
    bench.world.add_server('s', 'c1', task='deleting')
    bench.lose('c1')
    bench.servers.delete('s')
    bench.servers.delete('s')
    assert bench.servers.look(['s'], 'c1') == {} and not bench.servers.evacuations('c1')


def test_a_delete_on_a_dead_host_that_is_still_up_keeps_waiting(bench):
    bench.world.checker.before_server = lambda *_: None
    bench.world.add_server('s', 'c1')
    bench.world.power_off('c1')
    bench.servers.delete('s')
    bench.pass_time(20)
    assert bench.server('s').task == 'deleting'


def test_a_server_deleted_while_it_spawns_runs_on_at_the_target(bench):
    bench.world.add_server('s', 'c1')
    bench.lose('c1')
    bench.servers.evacuate('s')
    bench.pass_time(3)
    bench.world.nova.delete('s')
    bench.pass_time(20)
    target = bench.world.nova.inventory.rebuilds[0].target
    assert bench.world.hosts[target].guests['s']
    assert not bench.servers.evacuations('c1')


def test_a_lost_answer_is_an_evacuation_all_the_same(bench):
    bench.world.add_server('s', 'c1')
    bench.lose('c1')
    bench.world.nova.faults.lost_answers['evacuate'] = 1
    with pytest.raises(OutcomeUnknown):
        bench.servers.evacuate('s')
    assert bench.record('c1') == 'accepted'


def test_503_on_a_read_is_unavailable_and_on_an_evacuate_a_doubt(bench):
    bench.world.add_server('s', 'c1')
    bench.lose('c1')
    bench.world.nova.faults.unavailable = True
    with pytest.raises(Unavailable):
        bench.servers.on_host('c1')
    with pytest.raises(OutcomeUnknown):
        bench.servers.evacuate('s')
    bench.world.nova.faults.unavailable = False
    assert not bench.servers.evacuations('c1')


def test_a_slow_nova_takes_time_and_a_too_slow_one_is_not_waited_for(bench):
    bench.world.nova.faults.latency = 4.0
    before = bench.clock.monotonic()
    bench.compute.services()
    assert bench.clock.monotonic() - before == 4
    bench.world.nova.faults.latency = 100.0
    with pytest.raises(Unavailable):
        bench.compute.services()
    assert bench.clock.monotonic() - before == 34


def test_the_wrong_role_is_refused(bench):
    bench.world.nova.faults.hides_hosts = True
    with pytest.raises(Refused, match='role'):
        bench.servers.on_host('c1')


def test_a_moved_server_can_be_stopped(bench):
    bench.world.add_server('s', 'c2')
    bench.servers.stop('s')
    bench.servers.stop('s')
    bench.pass_time(5)
    assert bench.server('s').state == 'stopped' and not bench.world.hosts['c2'].guests['s']
