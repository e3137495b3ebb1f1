"""The Consul bed keeps what it promises to the tests that stand on it."""

import base64
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.beds import netns
from tests.beds.command import BedError, wait_until
from tests.beds.consul import ConsulBed, requirements, self_fencing
from tests.beds.consul.layout import Layout
from tests.beds.consul.network import NEIGHBOUR_LIMITS, raise_neighbour_limits, set_neighbour_limits
from tests.beds.consul.self_fence import ordered
from tests.beds.fixtures import need
from tests.beds.forward import Forwarder

COMPUTES = ('compute-01', 'compute-02', 'compute-03', 'compute-04')
HOST = 'compute-02'
ROOT = Path(__file__).parents[2]


def prefix(letter: str) -> str:
    """Of namespaces that no other test run on this machine has."""
    return f'{letter}{os.getpid()}'


@pytest.fixture(scope='module')
def shared_bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsulBed]:
    need(requirements())
    directory = tmp_path_factory.mktemp('bed')
    with ConsulBed(directory, COMPUTES, prefix=prefix('ht'), on_fence=self_fencing(directory)) as bed:
        yield bed


@pytest.fixture
def bed(shared_bed: ConsulBed) -> ConsulBed:
    """The bed, all well."""
    for network in shared_bed.networks:
        shared_bed.wait_for_health(network, all_passing(shared_bed), timeout=60)
    return shared_bed


def all_passing(bed: ConsulBed) -> dict[str, str]:
    return dict.fromkeys((*bed.controllers, *bed.computes), 'passing')


class TestUp:
    def test_every_host_passes_on_every_network(self, bed: ConsulBed) -> None:
        for network in bed.networks:
            assert bed.health(network) == all_passing(bed)
            assert bed.leader(network) in bed.controllers

    def test_a_command_runs_under_the_name_and_address_of_its_host(self, bed: ConsulBed) -> None:
        script = 'hostname; ip -brief -4 address show storage'
        look = bed.popen(HOST, ['sh', '-c', script], stdout=subprocess.PIPE, text=True)
        seen, _ = look.communicate(timeout=10)
        assert seen.split()[0] == HOST
        assert bed.address(HOST, 'storage') in seen

    def test_a_command_counts_as_on_its_host_as_soon_as_it_is_started(self, bed: ConsulBed) -> None:
        command = bed.popen('engine', ['sleep', '600'])
        where = os.stat(f'/proc/{command.pid}/ns/net').st_ino
        found = netns.processes([bed.namespace('engine')])
        command.kill()
        command.wait()
        assert where == os.stat(netns.FOLDER / bed.namespace('engine')).st_ino
        assert command.pid in [process.pid for process in found]

    def test_the_observer_reaches_the_agents_of_every_network(self, bed: ConsulBed) -> None:
        with netns.entered(bed.namespace('engine')):
            for network in bed.networks:
                socket.create_connection((bed.address('ctl1', network), 8500), timeout=5).close()

    def test_another_bed_of_the_same_prefix_is_refused_and_does_no_harm(self, bed: ConsulBed, tmp_path: Path) -> None:
        rival = ConsulBed(tmp_path, ['compute-01'], prefix=prefix('ht'))
        with pytest.raises(BedError, match=str(bed.directory)):
            rival.up()
        rival.down()
        assert bed.health('tenant') == all_passing(bed)


class TestBreaking:
    def test_a_pulled_cable_is_critical_on_that_network_only(self, bed: ConsulBed) -> None:
        bed.set_link(HOST, 'storage', up=False)
        bed.wait_for_health('storage', {HOST: 'critical'})
        assert bed.health('management') == bed.health('tenant') == all_passing(bed)
        assert bed.health('storage') == all_passing(bed) | {HOST: 'critical'}
        bed.set_link(HOST, 'storage', up=True)
        bed.wait_for_health('storage', {HOST: 'passing'}, timeout=60)

    @pytest.mark.parametrize('direction', ['in', 'out', 'both'])
    def test_dropped_packets_make_it_critical_until_healed(self, bed: ConsulBed, direction: str) -> None:
        bed.drop(HOST, 'tenant', direction)  # type: ignore[arg-type]
        bed.wait_for_health('tenant', {HOST: 'critical'})
        bed.heal(HOST, 'tenant')
        bed.wait_for_health('tenant', {HOST: 'passing'}, timeout=60)

    def test_a_direction_that_there_is_not_is_refused(self, bed: ConsulBed) -> None:
        with pytest.raises(ValueError, match='sideways'):
            bed.drop(HOST, 'tenant', 'sideways')  # type: ignore[arg-type]

    def test_a_power_off_ends_all_that_runs_there_and_a_power_on_brings_the_host_back(self, bed: ConsulBed) -> None:
        guest, neighbour = (bed.popen(host, ['sleep', '600']) for host in (HOST, 'compute-03'))
        bed.poweroff(HOST)
        assert not bed.alive(HOST)
        assert guest.poll() is not None
        assert neighbour.poll() is None
        for network in bed.networks:
            bed.wait_for_health(network, {HOST: 'critical'})
        bed.poweron(HOST)
        assert bed.alive(HOST)
        neighbour.kill()
        neighbour.wait()

    def test_a_power_on_with_new_disks_gives_a_new_identity(self, bed: ConsulBed) -> None:
        before = node_id(bed, HOST)
        bed.poweroff(HOST)
        for network in bed.networks:
            bed.wait_for_health(network, {HOST: 'critical'})
        bed.poweron(HOST, wipe=True)
        for network in bed.networks:
            bed.wait_for_health(network, {HOST: 'passing'})
        assert node_id(bed, HOST) != before

    def test_a_host_powered_off_the_moment_it_starts_stays_off(self, bed: ConsulBed) -> None:
        bed.poweroff(HOST)
        bed.poweron(HOST)
        bed.poweroff(HOST)
        assert not bed.alive(HOST)
        assert not netns.processes([bed.namespace(HOST)])
        bed.poweron(HOST)

    def test_a_killed_agent_is_critical_on_its_network_until_started(self, bed: ConsulBed) -> None:
        bed.kill_agent(HOST, 'management')
        assert bed.alive(HOST)
        bed.wait_for_health('management', {HOST: 'critical'})
        assert bed.health('tenant') == all_passing(bed)
        bed.start_agent(HOST, 'management')
        bed.wait_for_health('management', {HOST: 'passing'})

    def test_a_frozen_agent_is_critical_until_thawed(self, bed: ConsulBed) -> None:
        bed.freeze_agent(HOST, 'storage')
        bed.wait_for_health('storage', {HOST: 'critical'})
        assert bed.alive(HOST)
        bed.thaw_agent(HOST, 'storage')
        bed.wait_for_health('storage', {HOST: 'passing'}, timeout=60)

    def test_an_agent_that_leaves_is_gone_not_critical(self, bed: ConsulBed) -> None:
        bed.leave_agent(HOST, 'tenant')
        wait_until(lambda: HOST not in bed.health('tenant') and bool(bed.health('tenant')), 'it is gone', timeout=20)
        bed.start_agent(HOST, 'tenant')
        bed.wait_for_health('tenant', {HOST: 'passing'})

    def test_without_quorum_a_network_has_no_leader_and_the_others_have(self, bed: ConsulBed) -> None:
        bed.lose_quorum('management')
        wait_until(lambda: bed.leader('management') is None, 'no leader', timeout=30)
        assert bed.request('ctl1', 'management', 'GET', '/v1/health/state/any?consistent', timeout=20).status == 500
        assert bed.leader('tenant') in bed.controllers
        bed.restore_quorum('management')
        wait_until(lambda: bed.leader('management') is not None, 'a leader', timeout=60)


def node_id(bed: ConsulBed, host: str) -> str:
    return str(bed.request(host, 'tenant', 'GET', '/v1/agent/self').json()['Config']['NodeID'])


class TestFenceEvents:
    def test_a_fenced_host_powers_itself_off_and_no_other_does(self, bed: ConsulBed) -> None:
        payload = f'fence@engine@{int(time.time())}'
        reply = bed.request('ctl1', 'management', 'PUT', f'/v1/event/fire/fence?node={HOST}', payload)
        assert reply.status == 200
        wait_until(lambda: not bed.alive(HOST), f'{HOST} off', timeout=15)
        assert [host for host in bed.computes if bed.alive(host)] == [host for host in bed.computes if host != HOST]
        assert [(run.host, run.network, event.name, event.payload, event.node_filter)
                for run in bed.fired_events() for event in run.events] == [(HOST, 'management', 'fence', payload, HOST)]
        for network in bed.networks:
            bed.wait_for_health(network, {HOST: 'critical'})
        bed.poweron(HOST)

    @pytest.mark.parametrize(
        ('node_filter', 'payload', 'counts'),
        [
            (HOST, 'fence@engine@1000', True),
            ('^compute\\-02$', 'fence@engine@1000@7@boot@mac', True),
            (HOST, 'fence@engine@880', True),
            (HOST, 'fence@engine@879', False),
            (HOST, 'fence@engine@1121', False),
            (HOST, 'enable-nova@engine@1000', False),
            (HOST, 'fence@engine', False),
            ('compute-0', 'fence@engine@1000', False),
        ],
    )
    def test_only_a_fresh_order_for_the_host_itself_counts(self, node_filter: str, payload: str, counts: bool) -> None:
        assert ordered(consul_writes('fence', payload, node_filter), HOST, now=1000) is counts

    def test_the_empty_list_at_an_agents_start_is_no_order(self) -> None:
        assert not ordered('[]\n', HOST, now=1000)


def consul_writes(name: str, payload: str, node_filter: str) -> str:
    encoded = base64.b64encode(payload.encode()).decode()
    return json.dumps([{'ID': 'x', 'Name': name, 'Payload': encoded, 'NodeFilter': node_filter, 'LTime': 3}])


class TestDown:
    def test_another_process_takes_the_bed_down_and_nothing_is_left(self, tmp_path: Path) -> None:
        need(requirements())
        mine = ConsulBed(tmp_path, ['compute-01'], prefix=prefix('hd'))
        with mine:
            namespaces = [mine.namespace(host) for host in (*mine.controllers, 'compute-01', 'engine', 'switch')]
            mine.popen('engine', ['sleep', '600'])
            mine.freeze_agent('ctl2', 'tenant')
            running = netns.processes(namespaces)
            assert len(running) >= 13
            command = [sys.executable, '-m', 'tests.beds.consul', '--directory', str(tmp_path), 'down']
            subprocess.run(command, cwd=ROOT, check=True, timeout=60)
            assert not any(process.running() for process in running)
            assert not any(netns.exists(namespace) for namespace in namespaces)
        mine.down()

    def test_the_neighbour_table_has_room_while_the_bed_is_up_and_its_former_limits_after(self, tmp_path: Path) -> None:
        need(requirements())
        limits = neighbour_limits()
        set_neighbour_limits({'gc_thresh2': 10})
        try:
            with ConsulBed(tmp_path, ['compute-01'], prefix=prefix('hn')):
                roomy = neighbour_limits()
                assert roomy['gc_thresh2'] > 3 * 5 * 5
                assert roomy['gc_thresh3'] >= limits['gc_thresh3']
                assert raise_neighbour_limits(5) == {}
            assert neighbour_limits() == limits | {'gc_thresh2': 10}
        finally:
            set_neighbour_limits(limits)

    def test_a_bed_that_fails_half_way_is_taken_down(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        need(requirements())
        monkeypatch.setenv('HOSTHA_BED_CONSUL', '/bin/false')
        broken = ConsulBed(tmp_path, ['compute-01'], prefix=prefix('hf'))
        with pytest.raises(BedError, match='has ended'):
            broken.up()
        assert not [path for path in netns.FOLDER.iterdir() if path.name.startswith(prefix('hf'))]
        broken.down()

    def test_down_of_a_bed_that_never_was_up_does_nothing(self, tmp_path: Path) -> None:
        ConsulBed(tmp_path, ['compute-01']).down()


def neighbour_limits() -> dict[str, int]:
    return {path.name: int(path.read_text()) for path in NEIGHBOUR_LIMITS.glob('gc_thresh*')}


class TestForwarder:
    def test_bytes_pass_both_ways_until_it_stops(self, bed: ConsulBed) -> None:
        message = os.urandom(3_000_000)
        with socket.create_server(('127.0.0.1', 0)) as server:
            port = server.getsockname()[1]
            threading.Thread(target=echo_once, args=(server,), daemon=True).start()
            with Forwarder(bed.namespace('engine'), [port]):
                assert talk(bed.namespace('engine'), port, message) == message
            with pytest.raises(ConnectionRefusedError):
                talk(bed.namespace('engine'), port, b'')
        assert not [thread for thread in threading.enumerate() if thread.name == 'forwarder']

    def test_stopping_ends_a_connection_that_is_open(self, bed: ConsulBed) -> None:
        with socket.create_server(('127.0.0.1', 0)) as server:
            port = server.getsockname()[1]
            forwarder = Forwarder(bed.namespace('engine'), [port])
            forwarder.start()
            with connect(bed.namespace('engine'), port) as client, server.accept()[0]:
                forwarder.stop()
                assert client.recv(1) == b''
        assert not [thread for thread in threading.enumerate() if thread.name == 'forwarder']

    def test_a_port_where_nobody_listens_is_closed_at_once(self, bed: ConsulBed) -> None:
        with socket.create_server(('127.0.0.1', 0)) as server:
            port = server.getsockname()[1]
        with Forwarder(bed.namespace('engine'), [port]), connect(bed.namespace('engine'), port) as client:
            assert client.recv(1) == b''

    def test_a_port_that_is_taken_leaves_nothing_open(self, bed: ConsulBed) -> None:
        with netns.entered(bed.namespace('engine')):
            taken, free = (socket.create_server(('127.0.0.1', 0)) for _ in range(2))
        port = free.getsockname()[1]
        free.close()
        with taken, pytest.raises(OSError, match='in use'):
            Forwarder(bed.namespace('engine'), [port, taken.getsockname()[1]]).start()
        with pytest.raises(ConnectionRefusedError):
            connect(bed.namespace('engine'), port)


def connect(namespace: str, port: int) -> socket.socket:
    with netns.entered(namespace):
        return socket.create_connection(('127.0.0.1', port), timeout=10)


def talk(namespace: str, port: int, message: bytes) -> bytes:
    """Send, say that nothing more comes, and read to the end."""
    with connect(namespace, port) as client:
        client.sendall(message)
        client.shutdown(socket.SHUT_WR)
        return b''.join(iter(lambda: client.recv(65536), b''))


def echo_once(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        heard = b''.join(iter(lambda: connection.recv(65536), b''))
        connection.sendall(heard)


class TestLayout:
    def test_every_address_is_one_hosts_alone(self) -> None:
        layout = Layout('hb', COMPUTES, 'engine')
        addresses = [layout.address(host, network) for host in layout.everyone for network in ConsulBed.networks]
        assert len(set(addresses)) == len(addresses) == 24

    def test_a_long_name_is_shortened_to_its_end(self) -> None:
        layout = Layout('hb', ('compute-rack17-node03',), 'engine')
        assert layout.port('compute-rack17-node03', 'storage') == 'rack17-node03-s'

    @pytest.mark.parametrize(
        ('computes', 'complaint'),
        [
            (('a-compute-rack17-node03', 'b-compute-rack17-node03'), 'switch port'),
            (('compute-01', 'compute-01'), 'same name'),
            (('ctl1',), 'same name'),
            (('engine',), 'same name'),
            (('switch',), 'same name'),
            (('compute 01',), 'cannot be the name'),
            (('../x',), 'cannot be the name'),
            (tuple(f'c{number}' for number in range(151)), 'addresses for 150'),
        ],
    )
    def test_names_that_cannot_be_told_apart_are_refused(self, computes: tuple[str, ...], complaint: str) -> None:
        with pytest.raises(ValueError, match=complaint):
            Layout('hb', computes, 'engine')

    def test_a_stranger_has_no_address(self) -> None:
        layout = Layout('hb', COMPUTES, 'engine')
        with pytest.raises(ValueError, match='no host'):
            layout.address('compute-99', 'storage')
        with pytest.raises(ValueError, match='no network'):
            layout.address(HOST, 'backup')
