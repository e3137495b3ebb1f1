"""Running a program that may hang, fork, flood us with output or print what it should not, within a time limit."""

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

KEPT = 8192
"""Bytes that are kept of each output; the rest is read and thrown away."""

_TICK = 0.1
"""Seconds between two looks whether the program has ended, while it keeps its output open and says nothing."""

_LAST_WORDS = 100
"""Reads of what is still in the pipes when the program has ended."""

_REAP = 5.0
"""Seconds for a killed program to be gone: one that hangs in the kernel may take for ever."""


@dataclass(frozen=True, slots=True)
class Run:
    """What came of a run. code: exit status, negative for a signal, None if it had to be killed. cut: whether output was thrown away."""

    code: int | None
    stdout: str
    stderr: str
    cut: bool


def run(command: Sequence[str], text: str, timeout: float, env: Mapping[str, str]) -> Run:
    """Run ``command`` with ``text`` on its standard input, for ``timeout`` seconds at most.

    When it ends, or when its time is up, all that is left of its process group is killed. Raises OSError if it cannot be started, and
    never once it has been: whatever goes wrong then, it may have done its work.
    """
    with _input(text) as stdin:
        process = subprocess.Popen(list(command), stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(env), cwd='/',
                                   start_new_session=True, bufsize=0)
    with process:
        outputs = _Outputs(process)
        try:
            ended = outputs.read_until(time.monotonic() + timeout)
        except OSError as error:
            return Run(None, '', f'its output cannot be read: {error}', cut=False)
        finally:
            _end(process)
        return Run(process.returncode if ended else None, *outputs.texts(), outputs.cut)


def _input(text: str) -> IO[bytes]:
    """A file in memory: no disk sees it, and neither side has to wait for the other as with a pipe."""
    file = os.fdopen(os.memfd_create('input'), 'r+b')
    file.write(text.encode())
    file.seek(0)
    return file


def _end(process: 'subprocess.Popen[bytes]') -> None:
    """Kill the process group and reap its leader; in this order: as long as it is a zombie its number is that of no other group."""
    with suppress(PermissionError):  # it runs with the rights of somebody else by now
        os.killpg(process.pid, signal.SIGKILL)
    try:
        process.wait(_REAP)
    except subprocess.TimeoutExpired:
        # nothing more can be done about it, and nobody may wait for it again
        process.returncode = -signal.SIGKILL


class _Outputs:
    """Both outputs of a process, read as they come, kept up to a bound."""

    def __init__(self, process: 'subprocess.Popen[bytes]') -> None:
        self._pid = process.pid
        self._pipes = [pipe for pipe in (process.stdout, process.stderr) if pipe is not None]
        self._kept = {pipe: bytearray() for pipe in self._pipes}
        self.cut = False

    def read_until(self, deadline: float) -> bool:
        """Read until the process ends, True, or until the monotonic time ``deadline``, False.

        Not until the outputs are closed: a grandchild may keep them open for ever.
        """
        with selectors.DefaultSelector() as selector:
            for pipe in self._pipes:
                os.set_blocking(pipe.fileno(), False)
                selector.register(pipe, selectors.EVENT_READ)
            while not self._ended() and time.monotonic() < deadline:
                self._read_ready(selector, _TICK)
            reads = 0
            while selector.get_map() and reads < _LAST_WORDS and self._read_ready(selector, 0):
                reads += 1
            return self._ended()

    def texts(self) -> tuple[str, str]:
        """Standard output and standard error."""
        stdout, stderr = (bytes(self._kept[pipe]).decode(errors='replace') for pipe in self._pipes)
        return stdout, stderr

    def _ended(self) -> bool:
        """Whether the process is a zombie; it is not reaped."""
        return os.waitid(os.P_PID, self._pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def _read_ready(self, selector: selectors.BaseSelector, wait: float) -> bool:
        ready = selector.select(wait)
        for key, _ in ready:
            self._read(selector, key.fileobj)  # type: ignore[arg-type]
        return bool(ready)

    def _read(self, selector: selectors.BaseSelector, pipe: IO[bytes]) -> None:
        piece = os.read(pipe.fileno(), 65536)
        if not piece:
            selector.unregister(pipe)
            return
        kept = self._kept[pipe]
        room = KEPT - len(kept)
        self.cut = self.cut or len(piece) > room
        kept += piece[:room]
