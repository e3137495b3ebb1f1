"""The Nova driver on a real Nova: the contract of its ports, and what only a real one can show."""

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace

import pytest

from hostha.core.readmission import LEFTOVER
from hostha.drivers.nova import connect
from hostha.exceptions import OutcomeUnknown, Refused
from hostha.settings import NovaSettings
from tests.beds.fixtures import need
from tests.beds.openstack import OpenStackBed
from tests.contract.nova import REASON, ComputeContract, ServersContract, look, move_away, service

HOSTS = ('compute-1', 'compute-2', 'compute-3')
PATIENCE = 120.0
"""Seconds for anything that Nova does; on a busy machine a rebuild takes several."""


class BedWorld:
    """A NovaWorld on the bed. Tests share the bed, one after the other."""

    hosts = HOSTS

    def __init__(self, bed: OpenStackBed) -> None:
        self.bed = bed
        auth = dict(bed.auth)
        self.settings = NovaSettings(region_name=auth.pop('region'), **auth)
        self.compute, self.servers = connect(self.settings)

    def boot(self, host: str) -> str:
        vm, = self.bed.seed({host: 1})
        return str(vm['id'])

    def lose(self, host: str) -> None:
        self.bed.power_off(host)

    def revive(self, host: str) -> None:
        self.bed.start_compute(host)

    def disable(self, host: str, reason: str) -> None:
        self.write(host, {'status': 'disabled', 'disabled_reason': reason})

    def write(self, host: str, values: dict[str, object]) -> None:
        """As an operator does, at the service."""
        self.bed.api.call('PUT', 'nova', f'/os-services/{service(self, host).id}', values)

    def running(self, server: str) -> Collection[str]:
        return self.bed.running().get(server, [])

    def until(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, f'it did not come about within {PATIENCE:g} s'
            time.sleep(0.5)

    def tidy(self) -> None:
        """No servers, and all hosts in service, as at the beginning."""
        for vm in self.bed.servers():
            self.servers.delete(vm['id'])
        self.until(lambda: not self.bed.servers())
        for host in HOSTS:
            self.bed.start_compute(host)
        for host in HOSTS:
            self.until(lambda host=host: not self.leftovers(host))
            self.write(host, {'forced_down': False, 'status': 'enabled'})
            self.until(lambda host=host: service(self, host).up)

    def leftovers(self, host: str) -> list[str]:
        """The records that nova-compute has to see to at its start."""
        return [record.status for record in self.servers.evacuations(host) if record.status in LEFTOVER]


@pytest.fixture(scope='module')
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenStackBed]:
    """One OpenStack for all tests here."""
    need(OpenStackBed.reasons_against())
    with OpenStackBed(tmp_path_factory.mktemp('openstack'), HOSTS, port_base=19000) as up:
        yield up


@pytest.fixture
def world(bed: OpenStackBed) -> Iterator[BedWorld]:
    """The bed as at its beginning; after the test no server may have run twice, nor been ordered away twice."""
    orders = len(bed.evacuation_orders())
    world = BedWorld(bed)
    yield world
    ordered = [server for _, server in bed.evacuation_orders()[orders:]]
    world.tidy()
    assert not bed.overlaps()
    assert len(ordered) == len(set(ordered))


class TestCompute(ComputeContract):
    """ports.Compute."""


class TestServers(ServersContract):
    """ports.Servers."""


def a_member(world: BedWorld) -> NovaSettings:
    """The credentials of a new user without the admin role."""
    api, name = world.bed.api, f'member-{time.monotonic_ns()}'
    user = api.call('POST', 'keystone', '/users', {'user': {'name': name, 'password': name, 'domain_id': 'default'}})['user']
    project, = api.call('GET', 'keystone', '/projects?name=demo')['projects']
    role, = api.call('GET', 'keystone', '/roles?name=member')['roles']
    api.call('PUT', 'keystone', f'/projects/{project["id"]}/users/{user["id"]}/roles/{role["id"]}')
    return replace(world.settings, username=name, password=name, project_name='demo')


def test_an_evacuation_that_timed_out_is_in_doubt_and_was_carried_out_once(world: BedWorld) -> None:
    source = world.hosts[0]
    server = world.boot(source)
    world.lose(source)
    world.compute.mark_down(source, REASON)
    _, impatient = connect(replace(world.settings, timeout=5.0))
    assert impatient.on_host(source)  # so that the token is there, and only the order itself can time out
    impatient._wire._changer.session.timeout = 0.001
    with pytest.raises(OutcomeUnknown):
        impatient.evacuate(server)
    world.until(lambda: (seen := look(world, server, source)) is not None and seen.host != source and not seen.task)
    assert [vm for _, vm in world.bed.evacuation_orders()].count(server) == 1


def test_a_user_without_the_admin_role_is_refused(world: BedWorld) -> None:
    world.boot(world.hosts[0])
    compute, servers = connect(a_member(world))
    for call in (compute.services, lambda: servers.on_host(world.hosts[0]), lambda: servers.look(['x'], world.hosts[0]),
                 lambda: compute.mark_down(world.hosts[0], REASON)):
        with pytest.raises(Refused, match='role'):
            call()


def test_a_readmitted_host_takes_servers_again(world: BedWorld) -> None:
    source = world.hosts[0]
    server = world.boot(source)
    move_away(world, server, source)
    world.revive(source)
    world.until(lambda: not world.leftovers(source))
    world.compute.unforce(source)
    world.until(lambda: service(world, source).up)
    world.compute.enable(source)
    assert world.running(world.boot(source)) == [source]
