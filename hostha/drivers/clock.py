"""The clocks of the running system. Both are ports.Clock."""

import threading
import time
import uuid
from pathlib import Path

from hostha.ports import Wakeup

_BOOT_ID = Path('/proc/sys/kernel/random/boot_id')


class SystemClock:
    """The machine's own clocks.

    ``monotonic`` is Linux's CLOCK_MONOTONIC: all processes of one boot of one machine share it, so ``instance`` is the boot's id, and a
    duration goes on across a restart of the process.
    """

    def __init__(self) -> None:
        self.instance = _boot_id()

    def time(self) -> float:
        """Wall time, seconds since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds; never goes back."""
        return time.monotonic()

    def wait(self, wakeup: Wakeup, timeout: float) -> None:
        """Return when ``wakeup`` is set or after ``timeout`` seconds; clears ``wakeup``."""
        _wait(wakeup, timeout)


class ScaledClock:
    """A clock that runs ``speed`` times as fast as the machine's, from the present moment on: ten minutes of a demonstration in one."""

    def __init__(self, speed: float) -> None:
        if speed <= 0:
            raise ValueError(f'speed = {speed}: a clock runs forward')
        self.instance = str(uuid.uuid4())
        self._speed = speed
        self._wall_start, self._start = time.time(), time.monotonic()

    def time(self) -> float:
        """Wall time, seconds since the epoch: true at the start, ahead of the world's later."""
        return self._wall_start + self._elapsed()

    def monotonic(self) -> float:
        """Seconds; never goes back."""
        return self._start + self._elapsed()

    def wait(self, wakeup: Wakeup, timeout: float) -> None:
        """Return when ``wakeup`` is set or after ``timeout`` seconds of this clock; clears ``wakeup``."""
        _wait(wakeup, timeout / self._speed)

    def _elapsed(self) -> float:
        return (time.monotonic() - self._start) * self._speed


def _wait(wakeup: Wakeup, seconds: float) -> None:
    wakeup.wait(min(max(seconds, 0.0), threading.TIMEOUT_MAX))
    wakeup.clear()


def _boot_id() -> str:
    """The id of this boot; one of this clock alone where the system has none."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return str(uuid.uuid4())
