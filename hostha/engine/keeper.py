"""Keeps an engine's leases, apart from the driver thread: much work there must not cost it its incidents."""

import threading
from collections.abc import Callable, Collection

from oslo_log import log

from hostha.exceptions import StoreUnavailable
from hostha.ports import Clock, Job, Leases

LOG = log.getLogger(__name__)


class Keeper:
    """Renews all leases of an engine every third of a lease.

    held: the jobs that the engine believes to hold. lost: told those of them that it does not hold any more.
    """

    def __init__(self, leases: Leases, clock: Clock, engine: str, lease: float,
                 held: Callable[[], Collection[Job]], lost: Callable[[Collection[Job]], None]) -> None:
        self._leases, self._clock, self._engine, self.interval = leases, clock, engine, lease / 3
        self._held, self._lost = held, lost
        self._wakeup, self._stopped = threading.Event(), False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Renew in a thread of its own."""
        self._thread = threading.Thread(target=self._run, name='keeper', daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Renew no more."""
        self._stopped = True
        self._wakeup.set()
        if self._thread is not None:
            self._thread.join()

    def renew(self) -> None:
        """Renew once. A database that does not answer only puts it off: the lease decides."""
        # first what is believed, then what is true: a job that is opened in between is not mistaken for a lost one
        believed = list(self._held())
        if not believed:
            return
        try:
            kept = self._leases.renew(self._engine, [job.incident for job in believed])
        except StoreUnavailable as error:
            LOG.warning('the leases could not be renewed: %s', error)
            return
        gone = [job for job in believed if job.incident not in kept]
        if gone:
            self._lost(gone)

    def _run(self) -> None:
        while not self._stopped:
            try:
                self.renew()
            except Exception:
                LOG.exception('unexpected error while leases were renewed')
            self._clock.wait(self._wakeup, self.interval)
