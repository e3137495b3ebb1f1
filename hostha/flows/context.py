"""What a running flow is given besides its arguments: live ports, its desk, and the proof that it may still act."""

import threading

from hostha.exceptions import StaleOwner
from hostha.flows.desk import Desk
from hostha.flows.tools import Tools
from hostha.ports import Job


class Context:
    """One running flow: its tools, its incident, and the claim under which it runs."""

    def __init__(self, tools: Tools, engine: str, host: str, epoch: int, incident: str, job: Job) -> None:
        self.tools, self.engine, self.job = tools, engine, job
        self.host, self.epoch, self.incident = host, epoch, incident
        self._lock = threading.Lock()
        self._desk: Desk | None = None
        self._closed = False

    def close(self) -> None:
        """The flow is dropped: what of it still runs in a worker must not act any more."""
        self._closed = True

    def assert_owner(self) -> None:
        """Raise StaleOwner unless this engine still holds the incident: called right before each act that cannot be taken back."""
        if self._closed or not self.tools.leases.holds(self.job, self.engine):
            raise StaleOwner(f'host {self.host}: {self.engine} no longer holds the incident {self.incident}; the act was not done')

    def desk(self, poll: float) -> Desk:
        """The incident's book, shared by all tasks of this flow."""
        with self._lock:
            if self._desk is None:
                self._desk = Desk(self.tools, self.incident, self.host, poll)
            return self._desk
