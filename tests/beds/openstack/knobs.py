"""Misbehaviour that a test can order from the fake hypervisors, while they run."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Knobs:
    """Read anew by every host for every order.

    spawn_delay  seconds that the start of a guest takes
    spawn_fail   hosts on which the start of a guest fails
    hang         hosts on which the start of a guest waits for as long as they are listed
    live_delay   seconds that a live migration takes, and may be aborted in
    """

    spawn_delay: float = 0
    spawn_fail: tuple[str, ...] = ()
    hang: tuple[str, ...] = ()
    live_delay: float = 0

    @classmethod
    def read(cls, directory: Path) -> 'Knobs':
        """The knobs of the bed in this directory, all at rest if none were ever set."""
        try:
            return cls(**json.loads(_file(directory).read_text()))
        except FileNotFoundError:
            return cls()

    def write(self, directory: Path) -> None:
        """Set all knobs of the bed in this directory at once; no reader sees half of them."""
        new = _file(directory).with_suffix('.new')
        new.write_text(json.dumps(asdict(self)))
        os.replace(new, _file(directory))


def _file(directory: Path) -> Path:
    return directory / 'run' / 'knobs.json'
