"""Running the machine's programs, and waiting for what they bring about."""

import subprocess
import time
from collections.abc import Callable, Sequence


class BedError(Exception):
    """A bed could not do what it was asked to do; the message says what, and what the machine answered."""


def run(argv: Sequence[str], stdin: str = '', timeout: float = 300) -> str:
    """Run a program to its end. Returns what it printed; BedError if it fails or lasts over ``timeout`` seconds."""
    try:
        done = subprocess.run(
            argv, check=False, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BedError(f'{" ".join(argv)}: {error}') from error
    if done.returncode:
        raise BedError(f'{" ".join(argv)} ended with {done.returncode}: {done.stdout.strip()}\n{stdin}'.rstrip())
    return done.stdout


def wait_until(condition: Callable[[], bool], what: str, timeout: float, interval: float = 0.1) -> float:
    """Ask every ``interval`` seconds until the condition holds. Returns the seconds that it took.

    BedError, naming ``what`` was waited for, if it does not hold within ``timeout`` seconds.
    """
    start = time.monotonic()
    while not condition():
        if time.monotonic() - start > timeout:
            raise BedError(f'waited {timeout:g} s in vain: {what}')
        time.sleep(interval)
    return time.monotonic() - start
