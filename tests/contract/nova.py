"""What every adapter of ports.Compute and ports.Servers must do, on whatever Nova there is behind it.

A test module derives from ComputeContract and ServersContract and gives them a fixture ``world``: a fresh NovaWorld for each test.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

import pytest

from hostha.core.readmission import LEFTOVER, OUR_MARK, ComputeService
from hostha.exceptions import Refused
from hostha.ports import Compute, Servers

REASON = f'{OUR_MARK} incident 7'
NO_SERVER = '00000000-0000-4000-8000-000000000000'


class NovaWorld(Protocol):
    """A Nova, and hands on what it stands on. hosts: three at least, all up and enabled and without servers."""

    compute: Compute
    servers: Servers
    hosts: Sequence[str]

    def boot(self, host: str) -> str:
        """An active server on ``host``; returns its id."""

    def lose(self, host: str) -> None:
        """The power of the host fails: neither its nova-compute nor its guests run."""

    def revive(self, host: str) -> None:
        """The host's nova-compute runs again, without its guests, and has seen to its evacuation records."""

    def disable(self, host: str, reason: str) -> None:
        """An operator disables the host's service."""

    def running(self, server: str) -> Collection[str]:
        """The hosts on which the server's guest really runs."""

    def until(self, condition: Callable[[], bool]) -> None:
        """Let the world go on until the condition holds. AssertionError if it does not within the time that it may take."""


def service(world: NovaWorld, host: str) -> ComputeService:
    """The one nova-compute of a host."""
    found, = (each for each in world.compute.services() if each.host == host)
    return found


def look(world: NovaWorld, server: str, source: str):
    """One server that was once on ``source``; None if it is gone."""
    return world.servers.look([server], source).get(server)


def move_away(world: NovaWorld, server: str, source: str) -> None:
    """Lose the host ``source``, and see the server through its evacuation."""
    world.lose(source)
    world.compute.mark_down(source, REASON)
    world.servers.evacuate(server)
    world.until(lambda: (seen := look(world, server, source)) is not None and seen.host != source and not seen.task)


class ComputeContract:
    """ports.Compute."""

    def test_every_service_is_shown(self, world: NovaWorld) -> None:
        shown = {each.host: each for each in world.compute.services()}
        assert set(world.hosts) <= set(shown)
        assert all(shown[host].up and shown[host].enabled and not shown[host].forced_down for host in world.hosts)

    def test_marked_down_is_down_and_disabled_by_us_and_the_others_are_not_touched(self, world: NovaWorld) -> None:
        host, other = world.hosts[0], world.hosts[1]
        for _ in range(2):
            world.compute.mark_down(host, REASON)
        marked = service(world, host)
        assert (marked.up, marked.enabled, marked.forced_down, marked.disabled_reason) == (False, False, True, REASON)
        assert marked.disabled_by_us
        assert service(world, other).enabled and not service(world, other).forced_down

    def test_marking_down_keeps_the_reason_of_an_operator(self, world: NovaWorld) -> None:
        world.disable(world.hosts[0], 'new memory on Monday')
        world.compute.mark_down(world.hosts[0], REASON)
        marked = service(world, world.hosts[0])
        assert marked.forced_down
        assert marked.disabled_reason == 'new memory on Monday'

    def test_a_later_incident_gives_its_own_reason(self, world: NovaWorld) -> None:
        world.compute.mark_down(world.hosts[0], REASON)
        world.compute.mark_down(world.hosts[0], f'{OUR_MARK} incident 8')
        assert service(world, world.hosts[0]).disabled_reason == f'{OUR_MARK} incident 8'

    def test_stop_scheduling_disables_and_forces_nothing(self, world: NovaWorld) -> None:
        world.compute.stop_scheduling(world.hosts[0], REASON)
        stopped = service(world, world.hosts[0])
        assert (stopped.up, stopped.forced_down, stopped.disabled_reason) == (True, False, REASON)
        assert stopped.disabled_by_us

    def test_stop_scheduling_keeps_the_reason_of_an_operator(self, world: NovaWorld) -> None:
        world.disable(world.hosts[0], 'new memory on Monday')
        world.compute.stop_scheduling(world.hosts[0], REASON)
        assert service(world, world.hosts[0]).disabled_reason == 'new memory on Monday'

    def test_unforce_and_enable_take_it_all_back(self, world: NovaWorld) -> None:
        host = world.hosts[0]
        world.compute.mark_down(host, REASON)
        for _ in range(2):
            world.compute.unforce(host)
        assert not service(world, host).forced_down
        assert not service(world, host).enabled
        world.until(lambda: service(world, host).up)
        for _ in range(2):
            world.compute.enable(host)
        assert service(world, host).enabled
        assert not service(world, host).disabled_reason

    def test_enable_leaves_a_host_that_an_operator_disabled(self, world: NovaWorld) -> None:
        world.disable(world.hosts[0], 'new memory on Monday')
        with pytest.raises(Refused):
            world.compute.enable(world.hosts[0])
        assert service(world, world.hosts[0]).disabled_reason == 'new memory on Monday'

    @pytest.mark.parametrize('order', ['mark_down', 'stop_scheduling', 'unforce', 'enable'])
    def test_an_unknown_host_is_refused(self, world: NovaWorld, order: str) -> None:
        more = (REASON,) if order in ('mark_down', 'stop_scheduling') else ()
        with pytest.raises(Refused):
            getattr(world.compute, order)('no-such-host', *more)

    def test_unforce_is_refused_until_the_evacuated_host_has_started(self, world: NovaWorld) -> None:
        host = world.hosts[0]
        server = world.boot(host)
        move_away(world, server, host)
        world.until(lambda: [record.status for record in world.servers.evacuations(host)][-1:] == ['done'])
        with pytest.raises(Refused):
            world.compute.unforce(host)
        assert service(world, host).forced_down
        world.revive(host)
        world.until(lambda: not any(record.status in LEFTOVER for record in world.servers.evacuations(host)))
        world.compute.unforce(host)
        world.until(lambda: service(world, host).up)
        assert len(world.running(server)) == 1


class ServersContract:
    """ports.Servers."""

    def test_on_host_shows_exactly_the_servers_of_the_host(self, world: NovaWorld) -> None:
        here, there = {world.boot(world.hosts[0]) for _ in range(2)}, world.boot(world.hosts[1])
        shown = {server.id: server for server in world.servers.on_host(world.hosts[0])}
        assert set(shown) == here
        assert all(server.host == world.hosts[0] and server.state == 'active' and not server.task for server in shown.values())
        assert all(server.name and server.created for server in shown.values())
        assert [server.id for server in world.servers.on_host(world.hosts[1])] == [there]
        assert not world.servers.on_host(world.hosts[2])

    def test_a_server_is_evacuated_once_and_followed(self, world: NovaWorld) -> None:
        source = world.hosts[0]
        server, left = world.boot(source), world.boot(source)
        before = world.servers.evacuations(source)
        move_away(world, server, source)
        seen = world.servers.look([server, left], source)
        assert seen[server].host in set(world.hosts) - {source}
        assert seen[server].state == 'active'
        assert (seen[left].host, seen[left].task) == (source, '')
        assert [each.id for each in world.servers.on_host(source)] == [left]
        record, = world.servers.evacuations(source)[len(before):]
        assert (record.server, record.source, record.destination) == (server, source, seen[server].host)
        assert list(world.running(server)) == [seen[server].host]

    def test_records_are_the_hosts_own_by_ascending_id(self, world: NovaWorld) -> None:
        first, second, third = world.hosts[0], world.hosts[1], world.hosts[2]
        servers = [world.boot(first) for _ in range(2)]
        before = [record.id for record in world.servers.evacuations(first)]
        world.lose(first)
        world.compute.mark_down(first, REASON)
        world.compute.stop_scheduling(second, REASON)
        for server in servers:
            world.servers.evacuate(server)
        world.until(lambda: all(each.host == third and not each.task for each in world.servers.look(servers, first).values()))
        records = world.servers.evacuations(first)
        numbers = [record.id for record in records]
        assert numbers == sorted(numbers)
        assert numbers[:len(before)] == before
        assert sorted(record.server for record in records[len(before):]) == sorted(servers)

    def test_a_host_that_is_up_is_not_evacuated(self, world: NovaWorld) -> None:
        server = world.boot(world.hosts[0])
        with pytest.raises(Refused):
            world.servers.evacuate(server)
        assert look(world, server, world.hosts[0]).host == world.hosts[0]

    def test_an_unknown_server_is_refused(self, world: NovaWorld) -> None:
        with pytest.raises(Refused):
            world.servers.evacuate(NO_SERVER)
        assert look(world, NO_SERVER, world.hosts[0]) is None

    def test_a_deleted_server_is_missing(self, world: NovaWorld) -> None:
        server, other = world.boot(world.hosts[0]), world.boot(world.hosts[0])
        assert set(world.servers.look([server, other], world.hosts[0])) == {server, other}
        world.servers.delete(server)
        world.until(lambda: look(world, server, world.hosts[0]) is None)
        assert set(world.servers.look([server, other], world.hosts[0])) == {other}
        world.servers.delete(server)

    def test_stop_is_idempotent(self, world: NovaWorld) -> None:
        server = world.boot(world.hosts[0])
        for _ in range(2):
            world.servers.stop(server)
            world.until(lambda: look(world, server, world.hosts[0]).state == 'stopped')
        assert not world.running(server)

    def test_reset_makes_it_error_and_clears_its_task(self, world: NovaWorld) -> None:
        server = world.boot(world.hosts[0])
        world.servers.reset(server)
        seen = look(world, server, world.hosts[0])
        assert (seen.host, seen.state, seen.task) == (world.hosts[0], 'error', '')
        assert list(world.running(server)) == [world.hosts[0]]
