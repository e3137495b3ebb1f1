"""The OpenStack of the tests: a host dies, a VM is evacuated, and the truth agrees with Nova."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from keystoneauth1 import session
from keystoneauth1.identity import v3
from novaclient import client

from tests.beds.command import BedError, wait_until
from tests.beds.fixtures import need
from tests.beds.openstack import OpenStackBed
from tests.beds.openstack.truth import GONE, OFF, RUNNING, Truth

HOSTS = ('left', 'middle', 'right')
PORT_BASE = 21000
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope='module')
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenStackBed]:
    need(OpenStackBed.reasons_against())
    with OpenStackBed(tmp_path_factory.mktemp('openstack'), HOSTS, port_base=PORT_BASE) as bed:
        bed.seed({'left': 2, 'middle': 1, 'right': 1})
        yield bed


@pytest.fixture
def nova(bed: OpenStackBed) -> client.Client:
    login = {name: value for name, value in bed.auth.items() if name != 'region'}
    return client.Client('2.94', session=session.Session(auth=v3.Password(**login)), region_name=bed.auth['region'])


def test_an_evacuation_moves_the_guest_and_only_once(bed: OpenStackBed, nova: client.Client) -> None:
    before = {server['id']: server['host'] for server in bed.servers()}
    assert sorted(before.values()) == ['left', 'left', 'middle', 'right']
    assert bed.running() == {vm: [host] for vm, host in before.items()}
    victim, witness = (vm for vm, host in before.items() if host == 'left')

    bed.power_off('left')
    assert not bed.compute_alive('left')
    assert bed.running().keys() == before.keys() - {victim, witness}

    service, = nova.services.list(host='left', binary='nova-compute')
    nova.services.force_down(service.id, True)
    started = time.time()
    nova.servers.evacuate(victim)
    wait_until(lambda: _at_rest(bed, victim), 'the VM is elsewhere', timeout=60, interval=0.5)

    seen, = (server for server in bed.servers() if server['id'] == victim)
    assert seen['status'] == 'ACTIVE'
    assert bed.running()[victim] == [seen['host']]
    assert witness not in bed.running()
    assert bed.overlaps() == []
    (ordered, vm), = bed.evacuation_orders()
    assert vm == victim
    assert abs(ordered - started) < 30


def test_a_dead_agent_is_no_dead_host_and_truth_remembers(bed: OpenStackBed, nova: client.Client) -> None:
    vm = next(server['id'] for server in bed.servers() if server['host'] == 'middle')
    bed.kill_compute('middle')
    assert bed.running()[vm] == ['middle']
    service, = nova.services.list(host='middle', binary='nova-compute')
    nova.services.force_down(service.id, True)
    nova.servers.evacuate(vm)
    wait_until(lambda: bool(bed.overlaps()), 'the VM runs twice', timeout=60, interval=0.5)
    assert {(overlap.vm, overlap.others) for overlap in bed.overlaps()} == {(vm, ('middle',))}


def test_guests_of_a_living_compute_cannot_lose_their_power(bed: OpenStackBed) -> None:
    with pytest.raises(BedError, match='kill it first'):
        bed.power_off_guests('right')


def test_a_failing_hypervisor_makes_the_new_vm_fail(bed: OpenStackBed) -> None:
    bed.set_knobs(spawn_fail=['right'])
    with pytest.raises(BedError, match='ERROR'):
        bed.seed({'right': 1})
    bed.set_knobs()
    assert len(bed.seed({'right': 1})) == 1


def test_another_process_sees_the_bed_and_may_end_it(bed: OpenStackBed) -> None:
    """Last in the module: the bed is down after it."""
    shown = _command('status', bed.plan.directory)
    assert 'right: up, enabled; nova-compute alive' in shown
    _command('down', bed.plan.directory)
    assert bed.process_count() == 0
    assert _mentions(bed.plan.directory) == []
    assert _command('status', bed.plan.directory) == 'down\n'


def test_a_bed_that_never_came_up_can_be_taken_down(tmp_path: Path) -> None:
    bed = OpenStackBed(tmp_path, HOSTS, port_base=PORT_BASE)
    bed.down()
    assert bed.process_count() == 0


def test_truth_adds_up_its_journal(tmp_path: Path) -> None:
    (tmp_path / 'run').mkdir()
    truth = Truth(tmp_path)
    for host, state in (('left', RUNNING), ('left', OFF), ('right', RUNNING)):
        truth.note(host, 'vm', state, 'test')
    assert truth.running() == {'vm': ['right']}
    assert truth.guests('left') == {'vm': OFF}
    assert truth.overlaps() == []
    truth.note('left', 'vm', RUNNING, 'test')
    truth.note('right', 'vm', GONE, 'test')
    assert truth.running() == {'vm': ['left']}
    assert [(overlap.host, overlap.others) for overlap in truth.overlaps()] == [('left', ('right',))]


def _at_rest(bed: OpenStackBed, vm: str) -> bool:
    server, = (server for server in bed.servers() if server['id'] == vm)
    return server['host'] != 'left' and not server['task_state']


def _command(name: str, directory: Path) -> str:
    argv = [sys.executable, '-m', 'tests.beds.openstack', name, str(directory)]
    return subprocess.run(argv, cwd=ROOT, check=True, capture_output=True, text=True, timeout=60).stdout


def _mentions(directory: Path) -> list[str]:
    """Command lines of running processes in which the directory occurs."""
    found = []
    for entry in os.listdir('/proc'):
        try:
            words = Path('/proc', entry, 'cmdline').read_bytes() if entry.isdigit() else b''
        except (FileNotFoundError, ProcessLookupError):
            continue
        if str(directory).encode() in words:
            found.append(words.replace(b'\0', b' ').decode(errors='replace'))
    return found
