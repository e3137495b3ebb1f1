"""Processes that can be named safely: by pid and start time, so that a recycled pid is never taken for them."""

import os
import select
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.beds.command import BedError


@dataclass(frozen=True, slots=True)
class Process:
    """One process of this boot of the machine. ``started``: clock ticks since boot (field 22 of proc(5)'s ``stat``)."""

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> 'Process | None':
        """The process that has this pid now; None if none has, or only a dead one that nobody has waited for yet."""
        try:
            fields = Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return cls(pid, int(fields[19])) if fields[0] not in 'ZX' else None

    @classmethod
    def recorded(cls, path: Path) -> 'Process | None':
        """The process that ``record`` wrote down there, if it still runs."""
        try:
            pid, started = map(int, path.read_text().split())
        except FileNotFoundError:
            return None
        process = cls(pid, started)
        return process if process.running() else None

    def record(self, path: Path) -> None:
        """Write down which process this is, for ``recorded`` of this or another process."""
        draft = path.with_name(f'{path.name}.new')
        draft.write_text(f'{self.pid} {self.started}\n')
        draft.replace(path)

    def running(self) -> bool:
        """Whether this very process still runs; a stopped one does, a dead one that nobody waited for does not."""
        return Process.of(self.pid) == self

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if the process still runs."""
        with self._held() as handle:
            if handle is not None:
                _send(handle, number)

    def kill(self, timeout: float = 10) -> None:
        """SIGKILL, and wait until the process is gone. BedError if that takes longer than ``timeout`` seconds."""
        self.signal(signal.SIGKILL)
        self.wait(timeout)

    def wait(self, timeout: float) -> None:
        """Wait until the process has ended. BedError if that takes longer than ``timeout`` seconds."""
        with self._held() as handle:
            if handle is not None and not select.select([handle], [], [], timeout)[0]:
                raise BedError(f'process {self.pid} still runs after {timeout:g} s')

    @contextmanager
    def _held(self) -> Iterator[int | None]:
        """A descriptor of the process (pidfd_open(2)), checked to be this one; None if it is gone."""
        try:
            handle = os.pidfd_open(self.pid)
        except ProcessLookupError:
            yield None
            return
        try:
            yield handle if self.running() else None
        finally:
            os.close(handle)


def kill_all(processes: Iterable[Process]) -> None:
    """SIGKILL them all, then wait for them. BedError if one of them does not end."""
    doomed = list(processes)
    for process in doomed:
        process.signal(signal.SIGKILL)
    for process in doomed:
        process.wait(timeout=10)


def _send(handle: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        signal.pidfd_send_signal(handle, number)
