"""The plain data that core decides on. Times named ``at`` or ``since`` are seconds; wall time unless said otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from hostha.core.states import Command, Event, Response, State

NETWORKS = ('management', 'tenant', 'storage')
"""The order of networks in every pattern. Two-network clouds use the first two."""


class Link(StrEnum):
    """What is known of a host on one network. Unknown is never down."""

    UP = 'up'
    DOWN = 'down'
    UNKNOWN = 'unknown'
    LEFT = 'left'


@dataclass(frozen=True, slots=True)
class Observation:
    """One host on one network. ``since``: monotonic seconds at which this link state was first seen without a break."""

    link: Link
    reason: str
    since: float


HostView = Mapping[str, Observation]
"""Network name -> observation, of one host."""


@dataclass(frozen=True, slots=True)
class Proof:
    """Why the host is known to be off. ``level``: the fencing level that read it back, or ``operator``."""

    level: str
    evidence: str
    at: float


@dataclass(frozen=True, slots=True)
class HostRecord:
    """The durable state of a host, as one row of the database.

    epoch    grows by one with each incident and never shrinks; every command and outcome carries it.
    version  grows by one with each change; a change is a compare-and-swap on it.
    incident, flow, command  the trip away from ``active`` under way, and its running flow.
    out_of_service  hostha has ordered Nova to take the host out, and has to take it back before ``active``.
    marked_down     Nova has confirmed that it regards the host as down.
    stalls   how often in a row the present work was put off by an outside system.
    """

    name: str
    state: State = State.ACTIVE
    epoch: int = 0
    version: int = 0
    incident: str | None = None
    flow: str | None = None
    command: Command | None = None
    response: Response = Response.NONE
    pattern: str = ''
    reason: str = ''
    proof: Proof | None = None
    out_of_service: bool = False
    marked_down: bool = False
    stalls: int = 0
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class Happening:
    """An event that has happened to a host.

    ``epoch`` and ``flow`` are set on the outcome of a flow: one of an older epoch or of another flow is late, and dropped.
    ``by``: who caused it: hostha, or the operator's name.
    """

    event: Event
    reason: str
    epoch: int | None = None
    flow: str | None = None
    pattern: str = ''
    proof: Proof | None = None
    by: str = 'hostha'


@dataclass(frozen=True, slots=True)
class Decision:
    """What step() decided: the record as it shall be, the command to start, and why.

    ``applied`` is False for an event that is ignored in this state or late: nothing is to be changed.
    ``delay``: seconds to wait before the command's flow starts.
    """

    before: HostRecord
    record: HostRecord
    happening: Happening
    why: str
    command: Command | None = None
    applied: bool = True
    delay: float = 0.0

    @property
    def opened(self) -> bool:
        """Whether this decision opens an incident."""
        return self.applied and self.before.incident is None and self.record.incident is not None

    @property
    def closed(self) -> bool:
        """Whether this decision ends the incident."""
        return self.applied and self.before.incident is not None and self.record.incident is None


@dataclass(frozen=True, slots=True)
class HostSpec:
    """A host as the operator entered it.

    ``fencing``: the levels to try, in order; an empty tuple means those of the configuration.
    ``addresses``: network -> IP address, for the ping; missing ones are taken from Consul.
    """

    name: str
    ha_enabled: bool = True
    fencing: tuple['LevelSpec', ...] = ()
    addresses: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LevelSpec:
    """One fencing level. ``secrets`` (name -> text) go to the fence program's standard input and nowhere else."""

    level: str
    options: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


class Power(StrEnum):
    """What an independent look at the host's power says."""

    ON = 'on'
    OFF = 'off'
    UNKNOWN = 'unknown'
