"""The processes of a bed: started detached, recorded by name, and all found again by a mark in their environment."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.beds.command import BedError
from tests.beds.openstack.plan import Plan
from tests.beds.processes import Process, kill_all

_MARK = 'HOSTHA_BED'
_ROOT = Path(__file__).parents[3]
_ROUNDS = 20


class Supervisor:
    """Starts processes and ends them.

    Each carries the bed's directory in its environment, and so do its children. That mark finds workers that
    outlived their master and processes that were never recorded, and it cannot be on a stranger with a recycled pid.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._mark = f'{_MARK}={plan.directory}'.encode()
        self._children: list[subprocess.Popen[bytes]] = []

    def start(self, name: str, argv: Sequence[str | Path], **environment: str) -> None:
        """Start a process, unless one of this name runs. It outlives this one; its output goes to ``log/NAME.log``."""
        if self.find(name):
            return
        with open(self._plan.log / f'{name}.log', 'ab') as log:
            child = subprocess.Popen(
                [str(word) for word in argv], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                cwd=self._plan.run, env=self._environment() | environment)
        self._children.append(child)
        if process := Process.of(child.pid):
            process.record(self._record(name))

    def find(self, name: str) -> Process | None:
        """The process started under this name, if it still runs."""
        return Process.recorded(self._record(name))

    def kill(self, name: str) -> None:
        """SIGKILL one process and wait until it is gone; nothing if it does not run."""
        if process := self.find(name):
            process.kill()

    def kill_all(self) -> None:
        """SIGKILL every process that carries the bed's mark, until none is left. BedError if there are always new ones."""
        for _ in range(_ROUNDS):
            if not (left := self.marked()):
                break
            kill_all(left)
        else:
            raise BedError(f'the bed in {self._plan.directory} starts processes faster than they can be ended')
        for child in self._children:
            child.wait(timeout=10)
        self._children.clear()

    def marked(self) -> list[Process]:
        """Every running process that carries the bed's mark."""
        pids = (int(entry) for entry in os.listdir('/proc') if entry.isdigit())
        processes = (Process.of(pid) for pid in pids)
        return [process for process in processes if process and self._carries_mark(process)]

    def complain(self, name: str) -> None:
        """BedError with the end of its log if the process of this name has ended."""
        if not self.find(name):
            end = (self._plan.log / f'{name}.log').read_text(errors='replace')[-3000:]
            raise BedError(f'{name} has ended: {end}')

    def _record(self, name: str) -> Path:
        return self._plan.run / 'processes' / name

    def _carries_mark(self, process: Process) -> bool:
        try:
            environment = Path(f'/proc/{process.pid}/environ').read_bytes().split(b'\0')
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            return False
        return self._mark in environment and process.running()

    def _environment(self) -> dict[str, str]:
        """Ours without what would steer Python, OpenStack's clients or HTTP elsewhere."""
        foreign = ('OS_', 'PYTHON', 'http_', 'https_', 'HTTP_', 'HTTPS_')
        kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        return kept | {
            _MARK: str(self._plan.directory),
            'SPT_NOENV': '1',  # else setproctitle would overwrite the mark
            'PYTHONPATH': f'{_ROOT}{os.pathsep}{self._plan.etc}',
            'MALLOC_ARENA_MAX': '2',
        }
