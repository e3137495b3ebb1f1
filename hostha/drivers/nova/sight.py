"""What was last seen of the servers of a host, so that a tick needs only the list of what changed since."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hostha.core.book import Server

MARGIN = timedelta(seconds=60)
"""How far before the newest change seen the next list begins: Nova's times are whole seconds, come from the clocks of several of its
hosts, and are visible only once committed. Where those clocks differ by more, Nova calls its own services dead."""

LIFETIME = 120.0
"""Seconds after which a sight is not trusted any more and everything is read afresh."""


@dataclass(frozen=True, slots=True)
class Sight:
    """The servers of one host as they were when ``newest`` was the newest change in Nova, as written by Nova (ISO 8601).

    servers: id -> server; None for one that is gone. expires: monotonic seconds. It is never changed: two looks at once each make
    their own of the one before, and whichever is kept, it is consistent.
    """

    newest: str
    expires: float
    servers: Mapping[str, Server | None] = field(default_factory=dict)

    def since(self) -> str:
        """From when on to ask for changes."""
        return (datetime.fromisoformat(self.newest) - MARGIN).strftime('%Y-%m-%dT%H:%M:%SZ')

    def learn(self, seen: Mapping[str, Server | None], times: Iterable[str] = ()) -> 'Sight':
        """The sight after ``seen`` was seen as well, in a list of changes of these times."""
        return replace(self, servers={**self.servers, **seen}, newest=max((self.newest, *times)))
