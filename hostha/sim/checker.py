"""What must never happen, checked after every event of the world and before every call of a port.

A violation raises InvariantViolated with the time line so far. It is kept besides, so that a guard that swallows the exception
cannot hide it.
"""

from collections.abc import Callable, Iterable, Mapping

from hostha.core.book import Entry
from hostha.core.model import HostRecord
from hostha.core.states import State
from hostha.exceptions import HosthaError
from hostha.sim.consul import Cluster
from hostha.sim.nova import Nova
from hostha.sim.stage import Stage

SEEN_UP = 1.0
"""Seconds for which all networks must have shown a host alive before a fence of it is called wrong: a look takes its time."""

MAY = {'fence': (State.ISOLATED,),
       'stop_scheduling': (State.ISOLATED,),
       'mark_down': (State.FENCED, State.EVACUATING),
       'evacuate': (State.EVACUATING,),
       'reset': (State.EVACUATING,),
       'delete': (State.EVACUATING,),
       'unforce': (State.RECOVERED,),
       'enable': (State.RECOVERED,),
       'enable-nova': (State.RECOVERED,)}
"""What may be done to a host or its servers, and in which of its states; nothing in all others."""

NEVER_RESET = ('soft-delete', 'shelved_offloaded')
"""The states that a reset ruins."""


class InvariantViolated(HosthaError):
    """Something has happened that must never happen. The message ends with the time line."""


class Checker:
    """records: the durable state of a host; without it only the truth of the world is held against what is done."""

    def __init__(self, stage: Stage, nova: Nova, clusters: Mapping[str, Cluster]) -> None:
        self._stage, self._nova, self._clusters = stage, nova, clusters
        self.records: Callable[[str], HostRecord] | None = None
        self.violations: list[InvariantViolated] = []
        self._taken_out: dict[str, tuple[str, frozenset[str]]] = {}
        stage.watchers.append(self.after_event)

    def fail(self, what: str) -> None:
        """Raise InvariantViolated."""
        lines = '\n'.join(str(line) for line in self._stage.timeline)
        violation = InvariantViolated(f'{what}\n{lines}')
        self.violations.append(violation)
        raise violation

    # after each event of the world

    def after_event(self) -> None:
        """No server runs twice, and no healthy guest was destroyed."""
        where: dict[str, str] = {}
        for host in self._stage.hosts.values():
            for server, runs in host.guests.items():
                if runs and server in where:
                    self.fail(f'server {server} runs twice: on {where[server]} and on {host.name}')
                if runs:
                    where[server] = host.name
        for host_name, server in self._nova.destroyed:
            instance = self._nova.inventory.instances.get(server)
            if instance is not None and instance.host == host_name and not instance.task:
                self.fail(f'server {server} lived on {host_name}, and its guest was destroyed by a leftover record')
        self._nova.destroyed.clear()

    # before each call of a port

    def before(self, call: str, host: str) -> None:
        """Whether this may be done to the host in its present state."""
        record = self._record(host)
        if record is not None and record.state not in MAY[call]:
            self.fail(f'{call} of {host} in the state {record.state}')
        if call == 'fence':
            self._fence(host)
        elif call == 'mark_down':
            self._mark_down(host, record)

    def _record(self, host: str) -> HostRecord | None:
        return self.records(host) if self.records else None

    def _fence(self, name: str) -> None:
        """A host that is well is never fenced, unless its servers are being rebuilt elsewhere already."""
        moving = any(rebuild.record.source == name for rebuild in self._nova.inventory.flying())
        marked = self._nova.inventory.services[name].forced_down
        seen = all(cluster.up_for(name) > SEEN_UP for cluster in self._clusters.values())
        if seen and self._stage.hosts[name].all_reached and not (moving or marked):
            self.fail(f'fence of {name}, all of whose networks are up')

    def _mark_down(self, name: str, record: HostRecord | None) -> None:
        self._off(name, record, 'mark_down of')
        if record is not None and record.incident:
            servers = frozenset(instance.id for instance in self._nova.inventory.on(name))
            self._taken_out.setdefault(record.incident, (name, servers))

    def _off(self, name: str, record: HostRecord | None, what: str) -> None:
        """Proven off by the record, and truly off; or off at the time of the proof and booted since, its guests gone."""
        if record is not None and record.proof is None:
            self.fail(f'{what} {name}, without a proof that it is off')
        host = self._stage.hosts[name]
        rebooted = record is not None and record.proof is not None and self._stage.wall_of(host.powered_at) > record.proof.at
        if host.power and not rebooted:
            self.fail(f'{what} {name}, which is on')

    def before_server(self, call: str, server: str) -> None:
        """Whether this may be done to a server that Nova shows on a lost host."""
        instance = self._nova.inventory.instances.get(server)
        if instance is None or not instance.host:
            return
        self.before(call, instance.host)
        if call == 'reset' and instance.state in NEVER_RESET:
            self.fail(f'reset of {server}, which is {instance.state}: it would be ruined')
        if call == 'evacuate':
            self._evacuate(server, instance.host)
            if instance.task == 'deleting':
                self.fail(f"evacuate of {server}: its user's delete would be undone")

    def _evacuate(self, server: str, host: str) -> None:
        self._off(host, self._record(host), f'evacuate of {server} from')
        for rebuild in self._nova.inventory.flying(server):
            if not self._nova.rebuilds.stuck(rebuild):
                self.fail(f'second evacuate of {server}: record {rebuild.record.id} is {rebuild.record.status} and not at its end')

    # at the end

    def at_end(self, entries: Callable[[str], Iterable[Entry]]) -> None:
        """No server is forgotten: each that was on a host that was marked down is gone from it, or on the incident's book at its end,
        unless the host's record says that it is not through. entries: incident -> its book."""
        for incident, (host, servers) in self._taken_out.items():
            record = self._record(host)
            if record is not None and record.incident == incident and record.state not in (State.RECOVERED, State.MAINTENANCE):
                continue
            book = {entry.server: entry for entry in entries(incident)}
            for server in sorted(servers):
                self._accounted(server, host, book.get(server))

    def _accounted(self, server: str, host: str, entry: Entry | None) -> None:
        instance = self._nova.inventory.instances.get(server)
        moved = instance is None or instance.host != host
        excused = entry is not None and entry.ended and bool(entry.reason)
        if not moved and not excused:
            self.fail(f'server {server} of {host} was forgotten: {entry}')
