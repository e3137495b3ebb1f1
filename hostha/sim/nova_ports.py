"""The simulated Nova behind ports.Compute and ports.Servers."""

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from hostha.core.book import Evacuation, Server
from hostha.core.readmission import OUR_MARK, ComputeService
from hostha.exceptions import OutcomeUnknown, Refused, Unavailable
from hostha.ports import Clock
from hostha.sim.inventory import Instance, Service
from hostha.sim.nova import Nova
from hostha.sim.world import World

TIME_LIMIT = 30.0
"""Seconds after which the caller of a slow Nova gives up."""


class _Api:
    """What every call goes through: the time that it takes, and what may be wrong with Nova."""

    def __init__(self, world: World, clock: Clock) -> None:
        self._world, self._clock = world, clock

    @property
    def _nova(self) -> Nova:
        return self._world.nova

    @contextmanager
    def _call(self, operation: str, host: str = '') -> Iterator[None]:
        """A read."""
        self._pass_time(operation, host, Unavailable)
        with self._world.stage.lock:
            self._world.advance(self._clock.monotonic())
            if self._nova.faults.unavailable:
                raise Unavailable('503', driver='nova', operation=operation, host=host)
            yield

    @contextmanager
    def _change(self, operation: str, host: str = '', doubt: type[Unavailable] | type[OutcomeUnknown] = OutcomeUnknown) -> Iterator[None]:
        """A call that changes something. doubt: what a 503 is to its caller, who cannot know that nothing was done."""
        self._pass_time(operation, host, OutcomeUnknown)
        with self._world.stage.lock:
            self._world.advance(self._clock.monotonic())
            if self._nova.faults.unavailable:
                raise doubt('503', driver='nova', operation=operation, host=host)
            yield
            if self._nova.faults.lost_answers.get(operation):
                self._nova.faults.lost_answers[operation] -= 1
                raise OutcomeUnknown('no answer in time', driver='nova', operation=operation, host=host)

    def _pass_time(self, operation: str, host: str, too_late: type[Unavailable] | type[OutcomeUnknown]) -> None:
        latency = self._nova.faults.latency
        if latency:
            self._clock.wait(threading.Event(), min(latency, TIME_LIMIT))
        if latency > TIME_LIMIT:
            raise too_late('no answer in time', driver='nova', operation=operation, host=host)


class SimCompute(_Api):
    """ports.Compute."""

    def services(self) -> Sequence[ComputeService]:
        """All of them."""
        with self._call('services'):
            return [self._shown(service) for service in self._nova.inventory.services.values()]

    def mark_down(self, host: str, reason: str) -> None:
        """One write: forced down and, unless somebody else disabled it, disabled."""
        with self._change('mark_down', host):
            service = self._nova.service(host, 'mark_down')
            self._world.checker.before('mark_down', host)
            self._disable(service, reason, forced_down=True)

    def stop_scheduling(self, host: str, reason: str) -> None:
        """Disable, unless somebody did."""
        with self._change('stop_scheduling', host):
            service = self._nova.service(host, 'stop_scheduling')
            self._world.checker.before('stop_scheduling', host)
            self._disable(service, reason)

    def _disable(self, service: Service, reason: str, *, forced_down: bool | None = None) -> None:
        enabled = None if _somebody_elses(service) else False
        self._nova.put_service(service, forced_down=forced_down, enabled=enabled, reason=reason[:255])

    def unforce(self, host: str) -> None:
        """Refused while a record is ``done``."""
        with self._change('unforce', host):
            service = self._nova.service(host, 'unforce')
            self._world.checker.before('unforce', host)
            self._nova.put_service(service, forced_down=False)

    def enable(self, host: str) -> None:
        """Clears the reason, leaves forced_down. Refused if somebody else disabled it."""
        with self._change('enable', host):
            service = self._nova.service(host, 'enable')
            self._world.checker.before('enable', host)
            if _somebody_elses(service):
                raise Refused(f'disabled by somebody else: {service.disabled_reason}', driver='nova', operation='enable', host=host)
            self._nova.put_service(service, enabled=True)

    def _shown(self, service: Service) -> ComputeService:
        inventory, stage = self._nova.inventory, self._world.stage
        updated = stage.wall_of(max(inventory.heard_at(service), service.written_at))
        return ComputeService(service.id, service.host, inventory.up(service), service.enabled, service.forced_down,
                              service.disabled_reason, datetime.fromtimestamp(updated, UTC).isoformat())


def _somebody_elses(service: Service) -> bool:
    return not service.enabled and not service.disabled_reason.startswith(OUR_MARK)


class SimServers(_Api):
    """ports.Servers."""

    def on_host(self, host: str) -> Sequence[Server]:
        """All servers of the host."""
        with self._call('on_host', host):
            if self._nova.faults.hides_hosts:
                raise Refused('Nova does not show the hosts of servers: the role is wrong', driver='nova', operation='on_host', host=host)
            return [self._shown(instance) for instance in self._nova.inventory.on(host)]

    def look(self, servers: Collection[str], host: str) -> dict[str, Server]:
        """Those of the asked servers that exist."""
        with self._call('look', host):
            known = self._nova.inventory.instances
            return {server: self._shown(known[server]) for server in servers if server in known}

    def evacuations(self, host: str) -> Sequence[Evacuation]:
        """The records of the host, by id."""
        with self._call('evacuations', host):
            return [Evacuation(record.id, record.server, record.source, record.destination, record.status)
                    for record in self._nova.inventory.records if record.source == host]

    def evacuate(self, server: str) -> None:
        """Order one evacuation."""
        self._order('evacuate', server, self._nova.evacuate)

    def reset(self, server: str) -> None:
        """Set the server to error."""
        self._order('reset', server, self._nova.reset)

    def delete(self, server: str) -> None:
        """Delete the server again."""
        self._order('delete', server, self._nova.delete)

    def _order(self, call: str, server: str, act: Callable[[str], None]) -> None:
        with self._change(call):
            self._world.checker.before_server(call, server)
            act(server)

    def stop(self, server: str) -> None:
        """Stop the server."""
        with self._change('stop'):
            self._nova.stop(server)

    def _shown(self, instance: Instance) -> Server:
        created = datetime.fromtimestamp(instance.created, UTC).isoformat()
        return Server(instance.id, instance.name, instance.host, instance.state, instance.task, instance.fault, created)
