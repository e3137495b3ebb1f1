"""The simulated Nova: what its API answers, and what its nova-computes do to the hosts."""

from hostha.core.book import EVACUABLE
from hostha.exceptions import Refused
from hostha.sim.host import Host
from hostha.sim.inventory import Instance, Inventory, Record, Service
from hostha.sim.rebuild import Rebuilds
from hostha.sim.stage import Stage
from hostha.sim.timing import Timing

BOMBS = ('accepted', 'pre-migrating', 'done')
"""Statuses of evacuation records for which a starting nova-compute destroys the local guest."""


def refused(message: str, operation: str, host: str = '') -> Refused:
    """Nova's permanent no."""
    return Refused(message, driver='nova', operation=operation, host=host)


class Nova:
    """The API proper. bus: the network over which Nova talks to its nova-computes.

    accepted: server and source of each evacuation. destroyed: host and server of each guest that a starting nova-compute has destroyed.
    """

    def __init__(self, stage: Stage, timing: Timing, bus: str) -> None:
        self.inventory = Inventory(stage, timing, bus)
        self.rebuilds = Rebuilds(self.inventory)
        self.faults = self.inventory.faults
        self.accepted: list[tuple[str, str]] = []
        self.destroyed: list[tuple[str, str]] = []
        self._stage, self._timing = stage, timing
        self._fresh: set[str] = set()

    # what the operators and users of the cloud do

    def add_host(self, host: Host) -> None:
        """Register the host's nova-compute."""
        heard = self._stage.now if self.inventory.talks(host) else None
        self.inventory.services[host.name] = Service(f'service-{host.name}', host.name, heard_since=heard, heard_last=self._stage.now)

    def add_server(self, instance: Instance) -> None:
        """A server as it stands; its guest runs if it is active."""
        self.inventory.instances[instance.id] = instance
        if instance.host:
            self._stage.hosts[instance.host].guests[instance.id] = instance.state in ('active', 'paused', 'rescued')

    # the compute services

    def service(self, host: str, operation: str) -> Service:
        """The service of a host. Refused if there is none."""
        try:
            return self.inventory.services[host]
        except KeyError:
            raise refused('Nova knows no nova-compute of this host', operation, host) from None

    def put_service(self, service: Service, *, forced_down: bool | None = None, enabled: bool | None = None, reason: str = '') -> None:
        """One write of a service, as a whole or not at all."""
        if forced_down is False and self._records_of(service.host, ('done',)):
            raise refused(f'Unable to force up host {service.host} as `done` evacuation migration records remain associated with the host.',
                          'unforce', service.host)
        service.forced_down = service.forced_down if forced_down is None else forced_down
        if enabled is not None:
            service.enabled, service.disabled_reason = enabled, reason
        service.written_at = self._stage.now
        self._stage.say(f'nova: {service.host} forced_down={service.forced_down} enabled={service.enabled}')

    def _records_of(self, host: str, statuses: tuple[str, ...]) -> list[Record]:
        return [record for record in self.inventory.records if record.source == host and record.status in statuses]

    # the servers

    def instance(self, server: str, operation: str) -> Instance:
        """A server. Refused (404) if Nova does not know it."""
        try:
            return self.inventory.instances[server]
        except KeyError:
            raise refused(f'Instance {server} could not be found.', operation) from None

    def evacuate(self, server: str) -> None:
        """Accept an evacuation: any task is fine, and so is a second order; only the state and the source's service are checked."""
        instance = self.instance(server, 'evacuate')
        if not instance.host:
            raise refused('Instance is on no host.', 'evacuate')
        if instance.state not in EVACUABLE or not instance.launched:
            raise refused(f"Cannot 'evacuate' instance {server} while it is in vm_state {instance.state}", 'evacuate', instance.host)
        if self.inventory.up(self.service(instance.host, 'evacuate')):
            raise refused(f'Compute service of {instance.host} is still in use.', 'evacuate', instance.host)
        self.accepted.append((server, instance.host))
        self.rebuilds.accept(instance)

    def reset(self, server: str) -> None:
        """Write the state error; no guest is touched."""
        instance = self.instance(server, 'reset')
        instance.state, instance.task = 'error', ''

    def stop(self, server: str) -> None:
        """Stop a running server, by its nova-compute."""
        instance = self.instance(server, 'stop')
        if instance.state == 'active':
            instance.task = 'powering-off'
            self._stage.after(self._timing.stop, lambda: self._stopped(instance))

    def _stopped(self, instance: Instance) -> None:
        host = self._stage.hosts[instance.host]
        if instance.task == 'powering-off' and self.inventory.talks(host):
            host.guests[instance.id] = False
            instance.state, instance.task = 'stopped', ''

    def delete(self, server: str) -> None:
        """Delete a server: at once if its service is down for Nova, else by its nova-compute, for which a dead one keeps Nova waiting."""
        instance = self.inventory.instances.get(server)
        if instance is None:
            return
        instance.task = 'deleting'
        if not instance.host or not self.inventory.up(self.inventory.services[instance.host]):
            self._forget(instance)
        else:
            self._stage.after(self._timing.stop, lambda: self._deleted(instance))

    def _deleted(self, instance: Instance) -> None:
        host = self._stage.hosts[instance.host]
        if instance.task == 'deleting' and self.inventory.talks(host):
            host.guests.pop(instance.id, None)
            self._forget(instance)

    def _forget(self, instance: Instance) -> None:
        """A deleted server takes its records with it; a guest that is being spawned somewhere runs on there."""
        self.inventory.instances.pop(instance.id, None)
        self.inventory.records[:] = [record for record in self.inventory.records if record.server != instance.id]
        self._stage.say(f'nova: {instance.name} deleted')

    # nova-compute on the hosts

    def compute_started(self, host: Host) -> None:
        """A nova-compute process has started: once it reaches Nova it cleans its host up."""
        self._fresh.add(host.name)
        self.notice(host)

    def notice(self, host: Host) -> None:
        """The truth about a host may have changed: its heartbeats begin or end, and what waited for it goes on."""
        service, talks = self.inventory.services[host.name], self.inventory.talks(host)
        if not talks and service.heard_since is not None:
            service.heard_last, service.heard_since = self.inventory.heard_at(service), None
        if talks and service.heard_since is None:
            service.heard_since = self._stage.now
            self.rebuilds.consume(host)
        if talks and host.name in self._fresh:
            self._fresh.discard(host.name)
            start = host.compute_starts
            self._stage.after(self._stage.between(self._timing.compute_start), lambda: self._clean_up(host, start))

    def _clean_up(self, host: Host, start: int) -> None:
        """What a starting nova-compute does: it destroys each local guest with a record that is not at its end, without asking where
        the server lives now, and stops the servers whose guests are off."""
        if not self.inventory.talks(host) or host.compute_starts != start:
            return
        handled: set[str] = set()
        for record in self._records_of(host.name, BOMBS):
            if record.server not in handled:
                self._destroy(host, record.server)
                record.status = 'completed'
                handled.add(record.server)
        for instance in self.inventory.on(host.name):
            if instance.state == 'active' and not instance.task and not host.guests.get(instance.id):
                instance.state = 'stopped'
        self._stage.say(f'nova-compute on {host.name} has cleaned up; {len(handled)} records completed')

    def _destroy(self, host: Host, server: str) -> None:
        if host.guests.pop(server, None) is not None:
            self.destroyed.append((host.name, server))
