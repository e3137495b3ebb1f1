"""Many callers, one look at a time."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet

from oslo_log import log as logging

from hostha.core.observation import Reading
from hostha.ports import Clock

LOG = logging.getLogger(__name__)

SHORT_PATIENCE = 0.5
"""Seconds to wait for a network that could not be read the last time, so that the others' readings come without delay."""


class SharedLook:
    """Shares looks at one network among all callers, each no older than its caller asks for.

    One look runs at a time, in a thread of its own; who needs a newer one than is under way shares the one that follows it.
    patience: seconds to wait for a look at a network that could be read the last time.
    """

    def __init__(self, network: str, look: Callable[[], Reading], clock: Clock, patience: float) -> None:
        self._network, self._look, self._clock, self._patience = network, look, clock, patience
        self._lock = threading.Lock()
        self._current: Future[Reading] = Future()
        self._current.set_result(self._unreadable('nobody has looked yet'))
        self._began = float('-inf')
        self._next: Future[Reading] | None = None
        self._failed = False

    def begin(self, max_age: float) -> Future[Reading]:
        """The look that began at most ``max_age`` seconds ago; starts one if there is none. Returns at once."""
        with self._lock:
            if self._clock.monotonic() - self._began <= max_age:
                return self._current
            if self._current.done():
                self._current, self._began = Future(), self._clock.monotonic()
                threading.Thread(target=self._run, name=f'consul-look-{self._network}', daemon=True).start()
                return self._current
            self._next = self._next or Future()
            return self._next

    def end(self, future: Future[Reading], began: float) -> Reading:
        """The reading of this look; an unreadable one if it lasts longer than this network deserves. began: real monotonic seconds."""
        patience = SHORT_PATIENCE if self._failed else self._patience
        try:
            return future.result(max(0.0, began + patience - time.monotonic()))
        except NotYet:
            self._failed = True
            return self._unreadable(f'no answer within {patience:g} s')

    def _run(self) -> None:
        """Look until nobody waits for another look."""
        while True:
            reading = self._guarded_look()
            self._failed = not reading.readable
            with self._lock:
                self._current.set_result(reading)
                if self._next is None:
                    return
                self._current, self._began, self._next = self._next, self._clock.monotonic(), None

    def _guarded_look(self) -> Reading:
        try:
            return self._look()
        except Exception as error:
            LOG.exception('A look at the %s network failed', self._network)
            return self._unreadable(f'internal error: {error!r}')

    def _unreadable(self, reason: str) -> Reading:
        return Reading(self._network, False, reason, self._clock.monotonic())
