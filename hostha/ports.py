"""One small interface for each thing outside; plain domain types in and out.

Production adapters live in drivers/ and db/, simulated ones in sim/; both pass the same contract suite. Unless a method says
otherwise: it blocks, is bounded by a time limit of its own, may be called from any thread, and raises DriverError (of which
Unavailable says that nothing was done).
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from hostha.core.book import Entry, Evacuation, Server
from hostha.core.model import Decision, HostRecord, HostSpec, LevelSpec, Power
from hostha.core.observation import Reading
from hostha.core.readmission import ComputeService


class Clock(Protocol):
    """Time. Durations are taken on monotonic() alone; time() is for records, and for what has to outlive the process."""

    instance: str
    """Names the run of monotonic(): two readings can be compared only if they bear the same instance."""

    def time(self) -> float:
        """Wall time, seconds since the epoch."""

    def monotonic(self) -> float:
        """Seconds; never goes back."""

    def wait(self, wakeup: 'Wakeup', timeout: float) -> None:
        """Return when ``wakeup`` is set or after ``timeout`` seconds of this clock, whichever is first; clears ``wakeup``."""


class Wakeup(Protocol):
    """What Clock.wait() waits on: threading.Event."""

    def set(self) -> None:
        """Wake the waiter."""

    def clear(self) -> None:
        """Forget that it was set."""

    def wait(self, timeout: float | None = None) -> bool:
        """Wait in real time."""


class Liveness(Protocol):
    """What the networks' clusters report of the hosts."""

    networks: Sequence[str]

    def start(self, on_change: Callable[[], None]) -> None:
        """Begin to watch. ``on_change`` is called, from any thread and maybe for nothing, soon after a cluster changed (in production
        within a second). Idle clusters cost nothing."""

    def read(self, max_age: float) -> Sequence[Reading]:
        """One reading a network, none older than ``max_age`` seconds. A cluster that cannot be read consistently gives a Reading that
        says so; raises nothing. Concurrent callers share one look. One dead server must not delay another network's reading."""

    def stop(self) -> None:
        """End the watch; may take as long as a time limit."""


class Compute(Protocol):
    """Nova's compute services. Every call that changes is idempotent."""

    def services(self) -> Sequence[ComputeService]:
        """All nova-compute services."""

    def mark_down(self, host: str, reason: str) -> None:
        """Force the host down and, unless somebody else disabled it before, disable it with ``reason``: in one write, since to disable
        first blocks for 60 s on a dead host. The caller holds a proof that the host is off. Refused if Nova does not know the host."""

    def stop_scheduling(self, host: str, reason: str) -> None:
        """Disable the service with ``reason`` unless somebody disabled it before. Servers on it are not touched."""

    def unforce(self, host: str) -> None:
        """Take forced_down back. Refused while evacuation records of the host are not completed: a wait, not an error."""

    def enable(self, host: str) -> None:
        """Let the scheduler use the host again."""


class Servers(Protocol):
    """Nova's servers."""

    def on_host(self, host: str) -> Sequence[Server]:
        """All servers of all projects whose host is exactly ``host``. Refused if Nova does not show hosts: the role is wrong."""

    def look(self, servers: Collection[str], host: str) -> dict[str, Server]:
        """The present state of these servers, all once on ``host``, in as few list calls as possible, never one a server in the usual
        case. One that Nova does not know any more, or shows as deleted, is missing in the answer."""

    def evacuations(self, host: str) -> Sequence[Evacuation]:
        """The evacuation records whose source is ``host``, by ascending id; all pages."""

    def evacuate(self, server: str) -> None:
        """Order one evacuation, without a target; returns when Nova has accepted it. NOT idempotent: no layer may repeat the call.
        OutcomeUnknown after anything that leaves a doubt (time-out, dropped connection, 5xx); Refused on 4xx; Unavailable only if the
        call was certainly not sent."""

    def reset(self, server: str) -> None:
        """Set the server to error, so that it can be evacuated; clears its task; touches no guest."""

    def stop(self, server: str) -> None:
        """Stop a running server; idempotent."""

    def delete(self, server: str) -> None:
        """Delete again a server whose delete was under way; idempotent: one that is gone is no error."""


@dataclass(frozen=True, slots=True)
class FenceOrder:
    """One order to make sure that a host is off. epoch, incident: what it belongs to. spec: the level's options and secrets.
    later: the host's levels after this one; a level that cannot read the power itself (``consul``) is proven by the first that can."""

    host: str
    epoch: int
    incident: str
    spec: LevelSpec
    later: tuple[LevelSpec, ...] = ()


class Fencer(Protocol):
    """One kind of fencing level."""

    def off(self, order: FenceOrder) -> None:
        """Ask for the host to be powered off; may be called again. That it returns proves nothing. Refused if this level can never do
        it (wrong credentials), OutcomeUnknown if it may have been carried out."""

    def power(self, order: FenceOrder) -> Power:
        """An independent look at the power, never the echo of off(). UNKNOWN when there is any doubt; raises nothing."""

    def describe(self, order: FenceOrder) -> str:
        """What was asked how, in words without secrets: the evidence that goes on record."""


class Agents(Protocol):
    """The way to the agents on the hosts: Consul events."""

    def send(self, command: str, host: str, epoch: int) -> Sequence[str]:
        """Send ``command`` (``fence`` or ``enable-nova``) to exactly this host over every network that takes it; returns those networks.
        Delivery is not known. Unavailable if no network took it, OutcomeUnknown if one may have, Refused if all said no."""


@dataclass(frozen=True, slots=True)
class FlowSpec:
    """A flow to be persisted: an importable factory and its JSON arguments. not_before: wall seconds at which it may start."""

    name: str
    factory: str
    kwargs: dict[str, Any] = field(default_factory=dict)
    not_before: float = 0.0


@dataclass(frozen=True, slots=True)
class Job:
    """An incident's claim by one engine. token: the fencing token, grows with each claim. claims: claims since the last progress."""

    incident: str
    host: str
    token: int
    claims: int = 0


@dataclass(frozen=True, slots=True)
class Order:
    """What an operator asked for through the API. action: one of core.orders.ACTIONS. epoch: of the host when it was ordered.
    ordered_at: wall seconds."""

    id: int
    host: str
    action: str
    reason: str
    by: str
    epoch: int
    ordered_at: float


class Store(Protocol):
    """The durable state of hosts. Raises StoreUnavailable when the database does not answer."""

    def specs(self) -> Sequence[HostSpec]:
        """All hosts as the operator entered them, secrets decrypted."""

    def records(self) -> Sequence[HostRecord]:
        """The state of all hosts: one snapshot."""

    def record(self, host: str) -> HostRecord:
        """The state of one host. NotFound."""

    def commit(self, decision: Decision, job: Job | None, flow: FlowSpec | None, engine: str,
               order: int | None = None) -> tuple[HostRecord, Job | None]:
        """Make a decision durable in ONE transaction: the host's new state (compare-and-swap on its version), the transition's audit
        row, the incident opened or closed, its job (created and claimed by ``engine`` when the incident opens, deleted when it closes,
        its progress noted else), the check that ``job`` is still held, the end of the ``order`` that it carries out, and the next flow.
        Returns the record as stored (with the flow's id) and the job. ``job`` is None when no incident is open yet.
        StaleOwner, with nothing changed, if the version has moved on, the job is not held, or the order was carried out already."""

    def orders(self) -> Sequence[Order]:
        """The operators' orders not yet carried out, oldest first."""

    def close_order(self, order: int, result: str) -> None:
        """Note what became of an order."""


class Book(Protocol):
    """The durable book of servers: see core.book."""

    def entries(self, incident: str) -> Sequence[Entry]:
        """All entries of an incident, in the order in which they are to be moved."""

    def add(self, entries: Iterable[Entry]) -> None:
        """Append entries; one whose server is on the incident's book already is left as it is."""

    def save(self, entry: Entry) -> None:
        """Store the entry as it is now, durable on return."""


class Leases(Protocol):
    """Who works on which incident. Times are taken on the database's clock."""

    def claim(self, engine: str, most: int) -> Sequence[Job]:
        """Claim up to ``most`` open incidents that nobody holds, or whose holder's lease has expired."""

    def renew(self, engine: str, incidents: Collection[str]) -> Collection[str]:
        """Renew this engine's leases on ``incidents`` that have not expired, in one statement; returns those that it still holds.
        A claim that the engine does not know of, as its answer was lost, so expires, and is claimed again."""

    def release(self, engine: str) -> None:
        """Give all leases back at once: on a graceful stop."""

    def holds(self, job: Job, engine: str) -> bool:
        """Whether this claim is still valid, with a margin for the act that follows."""


class Notifier(Protocol):
    """Tells the world. Never blocks for long, never raises: a recovery does not wait for a listener."""

    def transition(self, decision: Decision) -> None:
        """A host changed its state."""


@dataclass(frozen=True, slots=True)
class RegisteredHost:
    """A host as it was entered, and as it stands."""

    spec: HostSpec
    record: HostRecord


@dataclass(frozen=True, slots=True)
class Incident:
    """One trip of a host away from ``active``. closed_at: None while it is open. reason: of its opening. outcome: of its last
    transition."""

    id: str
    host: str
    epoch: int
    opened_at: float
    closed_at: float | None
    reason: str
    outcome: str


@dataclass(frozen=True, slots=True)
class OrderRecord(Order):
    """An order and what became of it. closed_at (wall seconds) and result are None until an engine has looked at it."""

    closed_at: float | None
    result: str | None


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the audit: the table's event, from and to, why the table has this row, and the reason this time."""

    id: int
    host: str
    incident: str
    epoch: int
    at: float
    before: str
    event: str
    after: str
    why: str
    reason: str
    engine: str
    by: str


class Registry(Protocol):
    """The hosts as operators enter them. Raises StoreUnavailable when the database does not answer."""

    def hosts(self) -> Sequence[RegisteredHost]:
        """All hosts by name."""

    def host(self, name: str) -> RegisteredHost:
        """One host. NotFound."""

    def create(self, spec: HostSpec) -> RegisteredHost:
        """Enter a host, active. Conflict if there is one of that name. Its epoch goes on above that of a former host of this name."""

    def update(self, name: str, *, ha_enabled: bool | None = None, addresses: Mapping[str, str] | None = None,
               fencing: Sequence[LevelSpec] | None = None) -> RegisteredHost:
        """Replace what is given of what was entered for a host, each as a whole; None leaves it alone, unread. Two updates of different
        things at the same time lose nothing. NotFound."""

    def delete(self, name: str) -> None:
        """Forget a host; its incidents stay, and its open orders are closed. NotFound; Conflict unless it is active, in maintenance or
        in error, and in error as long as servers on its incident's book have not ended: they must not be forgotten in silence."""

    def order(self, host: str, action: str, reason: str, by: str) -> Order:
        """Note an operator's order for the engines. NotFound."""


class History(Protocol):
    """What has happened. Raises StoreUnavailable when the database does not answer."""

    def incidents(self, *, host: str | None = None, open_only: bool = False, limit: int = 100,
                  marker: str | None = None) -> Sequence[Incident]:
        """Incidents, newest first, at most ``limit``, beginning after the one whose id is ``marker`` (NotFound if there is none)."""

    def incident(self, incident: str) -> Incident:
        """One incident. NotFound."""

    def transitions(self, incident: str) -> Sequence[Transition]:
        """Its transitions, oldest first."""

    def entries(self, incident: str) -> Sequence[Entry]:
        """Its book of servers."""

    def engines(self) -> Sequence[tuple[str, float]]:
        """Each engine that holds incidents, with the seconds that its lease has left."""

    def orders(self, *, host: str | None = None, limit: int = 100) -> Sequence[OrderRecord]:
        """Operators' orders, newest first, at most ``limit``; those of a deleted host are kept too."""

    def order(self, order: int) -> OrderRecord:
        """One order. NotFound."""
