"""The main job, on real Consul and a real Nova: hosts are lost, their VMs go on elsewhere and run once, whoever is killed meanwhile."""

import json
import os
import subprocess
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime

import pytest

from tests.beds.cluster import Cluster, Product, requirements
from tests.beds.cluster.product import LEASE, Engine
from tests.beds.cluster.self_fence import ordered
from tests.beds.command import wait_until
from tests.beds.fixtures import need

SPINE = ['suspect', 'isolated', 'fenced', 'evacuating', 'recovered']
PORT_BASE = 23000
VMS = 3
"""On each host at the beginning; one of them is stopped."""
PATIENCE = 150.0
"""Seconds for anything that has to come about; the machine may be busy."""
AT_ONCE = LEASE * 2 / 3
"""Seconds, from the order to end on, for a takeover that waits for no lease: so much of one is left at least, at any time."""


class World:
    """The cluster with hostha on it, and what the tests ask of both."""

    def __init__(self, cluster: Cluster, product: Product) -> None:
        self.cluster, self.product = cluster, product

    @property
    def engine(self) -> Engine:
        """The engine that runs."""
        running, = (engine for engine in self.product.engines if engine.running)
        return running

    def until(self, condition: Callable[[], bool], what: str, timeout: float = PATIENCE) -> float:
        """Wait; but no longer than an engine runs."""
        def met() -> bool:
            assert any(engine.running for engine in self.product.engines), f'no engine runs any more; waited for: {what}'
            return condition()
        return wait_until(met, what, timeout, interval=0.2)

    def until_state(self, host: str, *states: str) -> None:
        """Wait for one of these states of the host; an error is not waited out."""
        def reached() -> bool:
            now = self.product.host(host)
            assert now['state'] != 'error', f'{host} is in error: {now["reason"]}'
            return now['state'] in states
        self.until(reached, f'{host} is {" or ".join(states)}')

    def victim(self) -> str:
        """The host with the fewest VMs, but several."""
        hosts = [vm['host'] for vm in self.cluster.openstack.servers()]
        return min((host for host in self.cluster.computes if hosts.count(host) > 1), key=lambda host: (hosts.count(host), host))

    def bring_back(self) -> None:
        """Every host in service again, whatever happened to it."""
        self.cluster.openstack.set_knobs()
        self.cluster.fencing.delay = 0
        running = [engine for engine in self.product.engines if engine.running]
        for spare in running[1:]:
            spare.kill()
        if not running:
            self.product.start_engine()
        for host in self.cluster.computes:
            for network in self.cluster.consul.networks:
                self.cluster.consul.set_link(host, network, up=True)
        for host in self.cluster.computes:
            self.until_state(host, 'active', 'recovered')  # a host that came back earlier would be fenced once more
            if not self.cluster.alive(host):
                self.cluster.power_on(host)
        for host in self.cluster.computes:
            self.until_state(host, 'active')

    def check_in_service(self) -> None:
        """Nova uses every host."""
        for service in self.cluster.openstack.services():
            assert (service['state'], service['status'], service['forced_down']) == ('up', 'enabled', False), service


@pytest.fixture(scope='module')
def shared_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    need(requirements())
    began = time.monotonic()
    directory = tmp_path_factory.mktemp('cluster')
    with ExitStack() as up:
        cluster = up.enter_context(Cluster(directory, prefix=f'hr{os.getpid()}', port_base=PORT_BASE))
        product = up.enter_context(Product(cluster, PORT_BASE + 900))
        product.start_engine()
        furnish(cluster)
        print(f'up in {time.monotonic() - began:.0f} s')
        yield World(cluster, product)


def furnish(cluster: Cluster) -> None:
    """VMs on each host; one of them is stopped."""
    openstack = cluster.openstack
    created = openstack.seed(dict.fromkeys(cluster.computes, VMS))
    stopped = {vm['host']: vm['id'] for vm in created}.values()
    for vm in stopped:
        openstack.api.call('POST', 'nova', f'/servers/{vm}/action', {'os-stop': None})
    wait_until(lambda: [vm['status'] for vm in openstack.servers()].count('SHUTOFF') == len(stopped), 'VMs are stopped', timeout=60)


@pytest.fixture
def world(shared_world: World) -> Iterator[World]:
    """All hosts active and in service, before and after. The engines' logs are printed, and so shown if the test fails."""
    logs = len(shared_world.product.engines) - 1
    for host in shared_world.cluster.computes:
        shared_world.until_state(host, 'active')
    shared_world.check_in_service()
    try:
        yield shared_world
        shared_world.bring_back()
        shared_world.check_in_service()
        assert shared_world.cluster.openstack.overlaps() == []
    finally:
        for engine in shared_world.product.engines[logs:]:
            print(f'--- {engine.name}\n{engine.log.read_text(errors="replace")}')


class Loss:
    """A host that is about to be lost, as it is before that, and what has to come of it."""

    def __init__(self, world: World) -> None:
        self.world, self.cluster = world, world.cluster
        self.host = world.victim()
        self.vms = {vm['id']: vm['status'] for vm in self.cluster.openstack.servers() if vm['host'] == self.host}
        self._orders = len(self.cluster.openstack.evacuation_orders())
        self._fences = len(self.cluster.fencing.asked(self.host, 'off'))
        self.began = time.time()
        print(f'{self.host} is lost, with {len(self.vms)} VMs')

    def cut(self, network: str) -> None:
        """Pull one cable."""
        self.cluster.consul.set_link(self.host, network, up=False)

    def power_off(self) -> None:
        """The host is lost as a whole."""
        self.cluster.power_off(self.host)

    def ordered(self) -> list[str]:
        """The VMs for which Nova has accepted an evacuation since; one that was accepted twice is there twice."""
        return [vm for _, vm in self.cluster.openstack.evacuation_orders()[self._orders:]]

    def on_host(self) -> set[str]:
        """The VMs that Nova shows on the host."""
        return {vm['id'] for vm in self.cluster.openstack.servers() if vm['host'] == self.host}

    def fences(self) -> int:
        """How often the fence program has been asked to power the host off since."""
        return len(self.cluster.fencing.asked(self.host, 'off')) - self._fences

    def note(self, what: str) -> None:
        """Print what has just been done, at its place in the time line."""
        print(f'{time.time() - self.began:7.2f} s  {what}')

    def path(self) -> list[str]:
        """The states that the host has been in since, one after the other; prints when and why each was entered."""
        incident = self.world.product.incident(self.host)
        for step in incident['transitions']:
            seconds = datetime.fromisoformat(step['at']).timestamp() - self.began
            print(f'{seconds:7.2f} s  {step["from"]} -> {step["to"]}  {step["event"]} by {step["engine"]}: {step["reason"]}')
        states = [step['to'] for step in incident['transitions']]
        return [state for state, before in zip(states, ['active', *states], strict=False) if state != before]

    def check_recovered(self) -> None:
        """Wait for the end of the recovery. Then each VM is as it was, elsewhere, was ordered away once, and runs where Nova says."""
        try:
            self.world.until_state(self.host, 'recovered')
        finally:
            path = self.path()
        assert path == SPINE
        assert not self.cluster.alive(self.host)
        assert sorted(self.ordered()) == sorted(self.vms)
        self._check_vms()
        assert self.cluster.openstack.overlaps() == []
        entries = self.world.product.incident(self.host)['servers']
        assert {entry['id']: entry['phase'] for entry in entries} == dict.fromkeys(self.vms, 'moved')

    def _check_vms(self) -> None:
        running = self.cluster.openstack.running()
        seen = {vm['id']: vm for vm in self.cluster.openstack.servers() if vm['id'] in self.vms}
        assert {vm: shown['status'] for vm, shown in seen.items()} == self.vms
        for vm, shown in seen.items():
            assert shown['host'] != self.host
            assert running.get(vm, []) == ([shown['host']] if shown['status'] == 'ACTIVE' else [])

    def check_returns(self) -> None:
        """Powered on, with all cables plugged in, the host is in service again, and its VMs stay where they are."""
        self.cluster.power_on(self.host)
        self.world.until_state(self.host, 'active')
        self.path()
        self.world.check_in_service()
        self._check_vms()


def test_a_host_without_power_is_recovered_and_readmitted(world: World) -> None:
    loss = Loss(world)
    assert set(loss.vms.values()) == {'ACTIVE', 'SHUTOFF'}
    loss.power_off()
    loss.check_recovered()
    assert loss.fences() == 0, 'it was read as off: nobody had to ask for it'
    loss.check_returns()


def test_a_host_that_lost_storage_is_fenced_recovered_and_readmitted(world: World) -> None:
    loss = Loss(world)
    assert set(loss.vms.values()) == {'ACTIVE', 'SHUTOFF'}
    loss.cut('storage')
    loss.check_recovered()
    assert loss.fences() == 1
    assert world.product.host(loss.host)['proof']['level'] == 'fence_agent'
    loss.check_returns()


def test_a_host_that_lost_management_is_not_touched(world: World) -> None:
    loss = Loss(world)
    before = world.cluster.processes(loss.host)
    loss.cut('management')
    world.until_state(loss.host, 'isolated')
    assert world.product.host(loss.host)['response'] == 'notify'
    world.cluster.consul.set_link(loss.host, 'management', up=True)
    world.until_state(loss.host, 'active')
    assert loss.path() == ['suspect', 'isolated', 'suspect', 'active']
    assert loss.fences() == 0
    assert loss.ordered() == []
    assert [process for process in before if not process.running()] == []


def lose_and_wait_for(state: str, loss: Loss) -> None:
    """Lose the host such that the state lasts for some seconds, and return in the middle of its work."""
    world = loss.world
    if state == 'isolated':
        world.cluster.fencing.delay = 4
        loss.cut('storage')
        world.until(lambda: loss.fences() == 1, 'the host is being fenced')
    elif state == 'evacuating':
        world.cluster.openstack.set_knobs(spawn_delay=LEASE + 5)  # so that the VMs are still on their way when another engine takes over
        loss.power_off()
        world.until(lambda: bool(loss.ordered()), 'a VM is ordered away')
    else:
        loss.power_off()
        world.until_state(loss.host, state)
    assert world.product.host(loss.host)['state'] == state


@pytest.mark.parametrize('state', ['suspect', 'isolated', 'evacuating'])
def test_an_engine_that_is_killed_loses_nothing_and_does_nothing_twice(world: World, state: str) -> None:
    loss = Loss(world)
    lose_and_wait_for(state, loss)
    world.engine.kill()
    loss.note(f'the engine is killed in {state}')
    heir = world.product.start_engine()
    world.until(lambda: world.product.owners() == [heir.name], 'the new engine has the incident')
    loss.note(f'{heir.name} has taken over')
    if state == 'evacuating':
        assert loss.on_host() == set(loss.vms), 'all of them have to be on their way still'
    loss.check_recovered()


def test_a_controller_that_loses_power_leaves_the_fencing_to_the_next_engine(world: World) -> None:
    loss, consul = Loss(world), world.cluster.consul
    lose_and_wait_for('isolated', loss)
    consul.poweroff(consul.observer)  # the fence program, which had just been started, dies with the engine
    loss.note('the controller loses power')
    assert world.cluster.alive(loss.host)
    world.cluster.fencing.delay = 0
    for network in consul.networks:
        consul.set_link(consul.observer, network, up=True)
    world.product.start_engine()
    loss.check_recovered()
    assert loss.fences() == 2


def test_an_engine_that_is_told_to_end_hands_over_at_once(world: World) -> None:
    loss = Loss(world)
    engines = {engine.name: engine for engine in (world.engine, world.product.start_engine())}
    lose_and_wait_for('evacuating', loss)
    owner, = world.product.owners()
    heir, = engines.keys() - {owner}
    told = time.monotonic()
    loss.note(f'{owner} is told to end')
    assert engines[owner].terminate(timeout=10) == 0
    loss.note('it has ended')
    world.until(lambda: world.product.owners() == [heir], 'the other engine has the incident')
    loss.note(f'{heir} has taken over')
    assert time.monotonic() - told < AT_ONCE
    loss.check_recovered()


def test_a_host_powers_itself_off_when_it_is_asked_and_another_level_proves_it(world: World) -> None:
    loss = Loss(world)
    levels = [{'level': 'consul'},
              {'level': 'fence_agent', 'options': {'agent': 'fence_bed', 'directory': str(world.cluster.directory)}}]
    world.product.call('PATCH', f'/v1.0/hosts/{loss.host}', {'fencing': levels})
    loss.cut('storage')
    loss.check_recovered()
    assert loss.fences() == 0, 'the fence program is only asked how the power is'
    assert world.product.host(loss.host)['proof']['level'] == 'consul'


def run_fence_program(world: World, **options: str) -> tuple[int, str]:
    """Run it where an engine would. Returns its exit status and what it printed."""
    text = ''.join(f'{name}={value}\n' for name, value in options.items())
    process = world.cluster.consul.popen('engine', [str(world.cluster.fencing.program)], text=True,
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said, _ = process.communicate(text, timeout=60)
    return process.returncode, said


def test_the_fence_program_looks_at_the_host_itself(world: World) -> None:
    """The bed's own promise: what it calls off is off, whoever did it, and it calls nothing off that it does not know."""
    host, directory = world.victim(), str(world.cluster.directory)
    assert run_fence_program(world, plug=host, directory=directory, action='status') == (0, 'Status: ON\n')
    for network in world.cluster.consul.networks:
        world.cluster.consul.kill_agent(host, network)
    assert run_fence_program(world, plug=host, directory=directory, action='status') == (0, 'Status: ON\n'), 'nova-compute lives'
    for network in world.cluster.consul.networks:
        world.cluster.consul.start_agent(host, network)
    assert run_fence_program(world, plug='stranger', directory=directory, action='status')[0] == 1
    assert run_fence_program(world, plug=host, directory=f'{directory}/elsewhere', action='status')[0] == 1
    assert run_fence_program(world, plug=host, directory=directory, action='reboot')[0] == 1
    assert run_fence_program(world, action='metadata')[1].startswith('<?xml')


def test_an_order_counts_that_was_given_since_the_boot() -> None:
    booted, now = 1000.5, 1010.0

    def obeyed(payload: str, node_filter: str = '^compute-01$') -> bool:
        event = {'Name': 'fence', 'Payload': b64encode(payload.encode()).decode(), 'NodeFilter': node_filter, 'LTime': 1}
        return ordered(json.dumps([event]), 'compute-01', booted, now)

    assert obeyed('fence@engine@1005@1@more')
    assert not obeyed('fence@engine@999'), 'it was carried out before the boot'
    assert not obeyed('fence@engine@1131'), 'it comes from the future'
    assert not obeyed('enable-nova@engine@1005')
    assert not obeyed('fence@engine@1005', '^compute-0$')
    assert not ordered('[]', 'compute-01', booted, now)
