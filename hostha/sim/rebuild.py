"""How the simulated Nova carries out an evacuation, with the traps that were measured.

Each accepted order goes its own way: nothing stops a second one for the same server, which then runs twice. An order sent to a
target that is dead but still up waits in that target's queue for its return. A target that dies half-way leaves the record and the
server's task as they are for ever. A rebuild that fails loses the server's former state.
"""

from hostha.sim.host import Host
from hostha.sim.inventory import Instance, Inventory, Rebuild, Record

NO_VALID_HOST = 'No valid host was found. There are not enough hosts available.'


class Rebuilds:
    """The scheduler, the conductor and the target's nova-compute in one."""

    def __init__(self, inventory: Inventory) -> None:
        self._nova, self._stage, self._timing = inventory, inventory.stage, inventory.timing
        self._queues: dict[str, list[Rebuild]] = {}

    def accept(self, instance: Instance) -> None:
        """Take an order; everything else happens later."""
        record = Record(next(self._nova.record_ids), instance.id, instance.host)
        rebuild = Rebuild(instance.id, record, instance.state)
        self._nova.records.append(record)
        self._nova.rebuilds.append(rebuild)
        instance.task = 'rebuilding'
        self._stage.say(f'nova: evacuation {record.id} of {instance.name} from {record.source} accepted')
        self._stage.after(self._stage.between(self._timing.schedule), lambda: self._schedule(rebuild))

    def _schedule(self, rebuild: Rebuild) -> None:
        instance = self._nova.instances.get(rebuild.server)
        if instance is None:
            rebuild.ended = True
            return
        target = self._choose(rebuild)
        if target is None:
            self._fail(rebuild, instance, 'error', NO_VALID_HOST)
            return
        rebuild.target = target.name
        if self._nova.talks(target):
            self._begin(rebuild, target)
        else:
            self._stage.say(f'nova: evacuation {rebuild.record.id} waits in the queue of {target.name}, which is dead')
            self._queues.setdefault(target.name, []).append(rebuild)

    def _choose(self, rebuild: Rebuild) -> Host | None:
        """Any host that Nova takes for usable. Of two orders for one server the second goes elsewhere if it can: the worst case."""
        if self._nova.faults.no_valid_host:
            return None
        usable = [self._stage.hosts[service.host] for service in self._nova.services.values()
                  if service.enabled and self._nova.up(service) and service.host != rebuild.record.source]
        roomy = [host for host in usable if self._nova.free(host) > 0]
        others = {other.target for other in self._nova.flying(rebuild.server)}
        return self._stage.random.choice([host for host in roomy if host.name not in others] or roomy) if roomy else None

    def _begin(self, rebuild: Rebuild, target: Host) -> None:
        instance = self._nova.instances[rebuild.server]
        rebuild.started = target.compute_starts
        rebuild.record.status, rebuild.record.destination = 'pre-migrating', target.name
        instance.task = 'rebuild_spawning'
        self._stage.after(self._stage.between(self._timing.rebuild), lambda: self._end(rebuild, target))

    def _end(self, rebuild: Rebuild, target: Host) -> None:
        if not self._nova.talks(target) or target.compute_starts != rebuild.started:
            self._stage.say(f'nova: {target.name} died during evacuation {rebuild.record.id}: its record stays as it is')
            return
        rebuild.ended = True
        instance = self._nova.instances.get(rebuild.server)
        if instance is not None and self._nova.faults.failing_rebuilds:
            self._nova.faults.failing_rebuilds -= 1
            self._fail(rebuild, instance, 'failed', 'Exception')
            return
        target.guests[rebuild.server] = True
        if instance is not None:
            self._place(rebuild, instance, target)

    def _place(self, rebuild: Rebuild, instance: Instance, target: Host) -> None:
        """The guest runs on its target. Nova writes ``done`` whatever the record said before."""
        instance.host, instance.task, instance.fault = target.name, '', ''
        instance.state = 'stopped' if rebuild.former == 'stopped' else 'active'
        rebuild.record.status = 'done'
        self._stage.say(f'nova: {instance.name} is {instance.state} on {target.name}')
        if instance.state == 'stopped':
            self._stage.after(self._timing.short_run, lambda: self._stop_guest(target, instance))

    def _stop_guest(self, target: Host, instance: Instance) -> None:
        if instance.id in target.guests and instance.state == 'stopped':
            target.guests[instance.id] = False

    def _fail(self, rebuild: Rebuild, instance: Instance, status: str, fault: str) -> None:
        rebuild.ended = True
        rebuild.record.status = status
        instance.state, instance.task, instance.fault = 'error', '', fault
        self._stage.say(f'nova: evacuation {rebuild.record.id} of {instance.name}: {status}, {fault}')

    def consume(self, target: Host) -> None:
        """The target is back: what waited in its queue is carried out now."""
        for rebuild in self._queues.pop(target.name, []):
            instance = self._nova.instances.get(rebuild.server)
            if instance is None:
                rebuild.ended = True
            elif instance.host != rebuild.record.source:
                self._disturb(rebuild, instance)
            else:
                self._begin(rebuild, target)

    def _disturb(self, rebuild: Rebuild, instance: Instance) -> None:
        """A late order for a server that lives elsewhere by now: Nova calls it broken, its guest is unharmed."""
        rebuild.ended = True
        instance.state, instance.task = 'error', 'rebuilding'
        self._stage.say(f'nova: a late order calls {instance.name} on {instance.host} broken')

    def stuck(self, rebuild: Rebuild) -> bool:
        """Whether a rebuild can never end by itself: its target died half-way."""
        host = self._stage.hosts.get(rebuild.target)
        return bool(host and rebuild.started and (not host.compute or host.compute_starts != rebuild.started))
