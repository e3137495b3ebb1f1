"""The book of one incident while its flow runs, and one shared look at Nova for all of its servers."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from oslo_log import log

from hostha.core.book import Entry, Evacuation, Server
from hostha.exceptions import DriverError
from hostha.flows.tools import Tools

LOG = log.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Look:
    """Nova as it was at one moment: the servers of the book by id, and the lost host's evacuation records."""

    servers: dict[str, Server]
    records: Sequence[Evacuation]


class Desk:
    """Keeps the entries of an incident in memory, true to the book: the incident has one owner, and each change is saved first."""

    def __init__(self, tools: Tools, incident: str, host: str, poll: float) -> None:
        self.lock = threading.RLock()
        self._looking = threading.Lock()
        self._tools, self._host, self._poll = tools, host, poll
        self._entries = {entry.server: entry for entry in tools.book.entries(incident)}
        self._look: Look | None = None
        self._due = float('-inf')

    def entry(self, server: str) -> Entry:
        """The entry of a server on the book."""
        return self._entries[server]

    def entries(self) -> list[Entry]:
        """All entries, in the order of the book."""
        return list(self._entries.values())

    def save(self, entry: Entry) -> None:
        """Store an entry, then believe it."""
        with self.lock:
            self._tools.book.save(entry)
            self._entries[entry.server] = entry

    def look(self) -> Look | None:
        """Nova as it is, at most one look each ``poll`` seconds for all servers together; None while Nova does not answer, and while
        another worker looks: a slow Nova takes one worker, not all."""
        if not self._looking.acquire(blocking=False):
            return None
        try:
            if self._tools.clock.monotonic() >= self._due:
                self._look = self._fresh()
                self._due = self._tools.clock.monotonic() + self._poll
            return self._look
        finally:
            self._looking.release()

    def _fresh(self) -> Look | None:
        open_ones = [entry.server for entry in self._entries.values() if not entry.ended]
        try:
            # the records first: a server that ends between the two calls is then seen moved, not lost
            records = self._tools.servers.evacuations(self._host)
            return Look(self._tools.servers.look(open_ones, self._host), records)
        except DriverError as error:
            LOG.warning('host=%s its servers cannot be followed now: %s', self._host, error)
            return None
