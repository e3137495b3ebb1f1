"""How the fence program of a cluster is told what to do, and what it has written down."""

import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]

PROGRAM = """#!{python} -I
import sys
sys.path.insert(0, {root!r})
from tests.beds.cluster.program import main
sys.exit(main())
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """One action that the program was asked for, noted before it was begun. at: seconds since the epoch."""

    at: float
    host: str
    action: str


class Records:
    """What the fence program of the cluster in this directory has been asked for, and how slow it is."""

    def __init__(self, directory: Path) -> None:
        self.program = directory / 'fence_bed'
        self._log, self._delay = directory / 'fence.jsonl', directory / 'fence_delay'

    def note(self, host: str, action: str) -> None:
        """Write an action down, now."""
        line = json.dumps(asdict(Asked(time.time(), host, action))) + '\n'
        log = os.open(self._log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(log, line.encode())
        finally:
            os.close(log)

    def asked(self, host: str, action: str) -> list[Asked]:
        """Every such action for this host, oldest first."""
        lines = self._log.read_text().splitlines(keepends=True) if self._log.exists() else []
        every = [Asked(**json.loads(line)) for line in lines if line.endswith('\n')]
        return [one for one in every if (one.host, one.action) == (host, action)]

    @property
    def delay(self) -> float:
        """Seconds that ``off`` waits before it does anything."""
        return float(self._delay.read_text()) if self._delay.exists() else 0.0

    @delay.setter
    def delay(self, seconds: float) -> None:
        draft = self._delay.with_suffix('.new')
        draft.write_text(repr(seconds))
        draft.replace(self._delay)


def write_program(path: Path) -> None:
    """Write the program, to be run from anywhere and with any environment."""
    path.write_text(PROGRAM.format(python=sys.executable, root=str(ROOT)))
    path.chmod(0o755)
