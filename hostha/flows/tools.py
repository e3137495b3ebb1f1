"""The live ports that tasks work with."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from hostha.core.model import Happening, LevelSpec
from hostha.core.policy import Verdict
from hostha.ports import Agents, Book, Clock, Compute, Fencer, Leases, Servers


class Eyes(Protocol):
    """How a flow looks at its host; the engine's observer."""

    def look(self, host: str) -> Verdict:
        """A fresh look at the host."""

    def choose(self, host: str, seen: Verdict) -> Happening:
        """What the last check makes happen, the brakes considered."""


class Ledger(Protocol):
    """What a flow may ask about hosts; the engine's own snapshot."""

    def levels(self, host: str) -> Sequence[LevelSpec]:
        """The fencing levels of a host, in order."""

    def dead(self) -> Collection[str]:
        """The hosts that are proven off and marked down in Nova."""


@dataclass(frozen=True, slots=True)
class Tools:
    """The ports that tasks work with."""

    clock: Clock
    eyes: Eyes
    ledger: Ledger
    compute: Compute
    servers: Servers
    fencers: Mapping[str, Fencer]
    agents: Agents
    book: Book
    leases: Leases
