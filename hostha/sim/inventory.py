"""What the simulated Nova has in its database: services, servers and evacuation records."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from math import floor

from hostha.sim.host import Host
from hostha.sim.stage import Stage
from hostha.sim.timing import Timing


@dataclass
class Service:
    """A nova-compute service. heard_since: when its present run of heartbeats began, None if there is none; heard_last: the last of
    the run before. written_at: the last write by the API, which moves updated_at like a heartbeat does."""

    id: str
    host: str
    enabled: bool = True
    disabled_reason: str = ''
    forced_down: bool = False
    heard_since: float | None = None
    heard_last: float = 0.0
    written_at: float = 0.0


@dataclass
class Instance:
    """A server. host: '' for none. launched: whether it ever ran."""

    id: str
    name: str
    host: str
    state: str = 'active'
    task: str = ''
    fault: str = ''
    created: float = 0.0
    launched: bool = True


@dataclass
class Record:
    """An evacuation record."""

    id: int
    server: str
    source: str
    status: str = 'accepted'
    destination: str = ''


@dataclass
class Rebuild:
    """An accepted evacuation under way. former: the server's state then. started: the target's count of nova-compute starts when it
    began there, 0 while it has not. ended: Nova has nothing more to do for it."""

    server: str
    record: Record
    former: str
    target: str = ''
    started: int = 0
    ended: bool = False


@dataclass
class Faults:
    """What is wrong with Nova.

    unavailable: every call is answered by 503, nothing done. lost_answers: call -> so many of it from now on are carried out and not
    answered. no_valid_host: the scheduler finds none. failing_rebuilds: so many rebuilds from now on fail on their target. latency:
    seconds a call takes; above the time limit of the caller nothing is answered. hides_hosts: the caller lacks the role that shows a
    server's host.
    """

    unavailable: bool = False
    lost_answers: dict[str, int] = field(default_factory=dict)
    no_valid_host: bool = False
    failing_rebuilds: int = 0
    latency: float = 0.0
    hides_hosts: bool = False


@dataclass
class Inventory:
    """The database, and the questions that several parts of Nova ask of it. bus: the network that carries RPC and heartbeats."""

    stage: Stage
    timing: Timing
    bus: str
    services: dict[str, Service] = field(default_factory=dict)
    instances: dict[str, Instance] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)
    rebuilds: list[Rebuild] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)
    record_ids: Iterator[int] = field(default_factory=lambda: count(1))

    def heard_at(self, service: Service) -> float:
        """The last heartbeat of a service: one each interval since its run began."""
        if service.heard_since is None:
            return service.heard_last
        interval = self.timing.heartbeat
        return service.heard_since + floor((self.stage.now - service.heard_since) / interval) * interval

    def up(self, service: Service) -> bool:
        """Whether Nova takes the service for alive: a dead one is up for a minute, unless it is forced down."""
        return not service.forced_down and self.stage.now - self.heard_at(service) < self.timing.service_down

    def talks(self, host: Host) -> bool:
        """Whether the host's nova-compute truly runs and is reached by Nova."""
        return host.compute and host.reaches(self.bus)

    def on(self, host: str) -> list[Instance]:
        """The servers that Nova shows on a host."""
        return [instance for instance in self.instances.values() if instance.host == host]

    def flying(self, server: str = '') -> Iterator[Rebuild]:
        """Rebuilds under way, of one server if one is named."""
        return (rebuild for rebuild in self.rebuilds if not rebuild.ended and server in ('', rebuild.server))

    def free(self, host: Host) -> int:
        """How many more servers fit on a host."""
        coming = sum(1 for rebuild in self.flying() if rebuild.target == host.name)
        return host.room - len(self.on(host.name)) - coming
