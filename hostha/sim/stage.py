"""What every part of the simulated world stands on: its time, its agenda, its chance, its hosts and the time line."""

import heapq
import itertools
from collections.abc import Callable
from random import Random
from threading import RLock
from typing import NamedTuple

from hostha.sim.host import Host

EPOCH = 1_700_000_000.0
"""Wall seconds at which a world begins unless told otherwise: the same in every run."""


class Line(NamedTuple):
    """One line of the time line. at: seconds since the world began."""

    at: float
    text: str

    def __str__(self) -> str:
        return f'{self.at:9.2f}  {self.text}'


class Stage:
    """Time goes on only in advance(). All access is under ``lock``; under one thread everything is determined by ``seed``.

    start: the monotonic seconds at which the world begins. epoch: the wall seconds of that moment.
    watchers: called after each event of the world.
    """

    def __init__(self, start: float = 0.0, epoch: float = EPOCH, seed: int = 0) -> None:
        self.start, self.epoch = start, epoch
        self.now = start
        self.random = Random(seed)
        self.lock = RLock()
        self.hosts: dict[str, Host] = {}
        self.timeline: list[Line] = []
        self.watchers: list[Callable[[], None]] = []
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    @property
    def wall(self) -> float:
        """Wall seconds."""
        return self.wall_of(self.now)

    def wall_of(self, at: float) -> float:
        """The wall seconds of a monotonic time."""
        return self.epoch + at - self.start

    def after(self, delay: float, act: Callable[[], None]) -> None:
        """Plan ``act`` for ``delay`` seconds from now; what is due at the same time happens in the order of its planning."""
        with self.lock:
            heapq.heappush(self._agenda, (self.now + delay, next(self._order), act))

    def next_due(self) -> float | None:
        """When the next planned event is due; None if nothing is planned."""
        with self.lock:
            return self._agenda[0][0] if self._agenda else None

    def advance(self, to: float) -> None:
        """Let time go on until ``to`` and everything happen that is due by then; a time gone by changes nothing."""
        with self.lock:
            while self._agenda and self._agenda[0][0] <= to:
                due, _, act = heapq.heappop(self._agenda)
                self.now = max(self.now, due)
                act()
                for watcher in self.watchers:
                    watcher()
            self.now = max(self.now, to)

    def between(self, bounds: tuple[float, float]) -> float:
        """Seconds drawn at random between two bounds."""
        return self.random.uniform(*bounds)

    def say(self, text: str) -> None:
        """Add a line to the time line."""
        self.timeline.append(Line(self.now - self.start, text))
