"""The driver thread's loop: everything that decides runs here, one thing after the other, on the clock it is given."""

import heapq
import itertools
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from oslo_log import log

from hostha.ports import Clock

LOG = log.getLogger(__name__)

Work = Callable[[], None]


class Loop:
    """Runs work as soon as it can, or when it is due on the monotonic clock. soon() and at() may be called from any thread.

    What is due goes first, then what is urgent, then the rest in its order.
    """

    IDLE = 60.0
    """Seconds to wait at most when nothing is due."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._urgent: deque[Work] = deque()
        self._ready: deque[Work] = deque()
        self._later: list[tuple[float, int, Work]] = []
        self._order = itertools.count()
        self._wakeup = threading.Event()
        self._stopped = False

    def soon(self, work: Work, urgent: bool = False) -> None:
        """Run ``work`` next; if ``urgent``, before all that is not."""
        (self._urgent if urgent else self._ready).append(work)
        self._wakeup.set()

    def at(self, due: float, work: Work) -> None:
        """Run ``work`` at ``due``, monotonic seconds."""
        with self._lock:
            heapq.heappush(self._later, (due, next(self._order), work))
        self._wakeup.set()

    def after(self, seconds: float, work: Work) -> None:
        """Run ``work`` in so many seconds."""
        self.at(self._clock.monotonic() + seconds, work)

    def every(self, seconds: float, work: Work) -> None:
        """Run ``work`` now and then again and again, ``seconds`` after it ended."""
        def again() -> None:
            try:
                work()
            finally:
                self.after(seconds, again)
        self.soon(again)

    def run_once(self) -> float | None:
        """Do all that is due, and what that makes due; returns when the next thing is due, monotonic seconds, or None."""
        while True:
            work = self._next()
            if work is None:
                with self._lock:
                    return self._later[0][0] if self._later else None
            try:
                work()
            except Exception:
                LOG.exception('unexpected error in the driver thread; the work it was in is dropped')

    def run(self) -> None:
        """run_once() until stop()."""
        while not self._stopped:
            due = self.run_once()
            if self._stopped:
                return
            timeout = self.IDLE if due is None else due - self._clock.monotonic()
            if timeout > 0:
                self._clock.wait(self._wakeup, min(timeout, self.IDLE))

    def stop(self) -> None:
        """Make run() return after what it is doing."""
        self._stopped = True
        self._wakeup.set()

    def _next(self) -> Work | None:
        with self._lock:
            if self._later and self._later[0][0] <= self._clock.monotonic():
                return heapq.heappop(self._later)[2]
        for queue in (self._urgent, self._ready):
            if queue:
                return queue.popleft()
        return None


class Workers:
    """The threads that call the outside world. Inline (in the simulator) their work runs in the loop, in the order it was given."""

    def __init__(self, loop: Loop, threads: int, inline: bool = False) -> None:
        self._loop = loop
        self._pool = None if inline else ThreadPoolExecutor(threads, thread_name_prefix='worker')

    def submit(self, work: Work) -> None:
        """Have ``work`` done; it reports by itself, through Loop.soon()."""
        if self._pool is None:
            self._loop.soon(work)
        else:
            self._pool.submit(self._guarded, work)

    @staticmethod
    def _guarded(work: Work) -> None:
        try:
            work()
        except Exception:
            LOG.exception('unexpected error in a worker thread; its work is dropped')

    def stop(self) -> None:
        """Let running work end, start no more."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
