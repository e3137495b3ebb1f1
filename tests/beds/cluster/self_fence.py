"""A compute host that obeys: its watch handler powers it off, all of it, at an order that was given since its last boot.

Consul may hand an order over again, as to an agent that was cut off when it was sent: then it comes after the next boot.
"""

import re
import sys
from pathlib import Path

from tests.beds.consul.handler import Event, decode

MAX_AGE = 120
"""Seconds, into the past or the future, after which an order no longer counts."""


def command(directory: Path) -> list[str]:
    """The ``on_fence`` for the Consul bed of the cluster in this directory."""
    return [sys.executable, '-m', 'tests.beds.cluster', '--directory', str(directory), 'self-fence']


def ordered(events: str, host: str, booted: float, now: float) -> bool:
    """Whether these events, as a watch handler gets them, hold an order for this host that counts.

    An order's payload is ``fence@SENDER@UNIXTIME``, whatever follows. booted, now: seconds since the epoch.
    """
    oldest = max(int(booted), now - MAX_AGE)
    return any(re.fullmatch(event.node_filter, host) and oldest <= _ordered_at(event) <= now + MAX_AGE for event in decode(events))


def note_boot(directory: Path, host: str, at: float) -> None:
    """Remember when the host was powered on, in seconds since the epoch."""
    _file(directory, host).write_text(repr(at))


def booted(directory: Path, host: str) -> float:
    """When the host was last powered on; 0 if that never happened since the cluster came up."""
    try:
        return float(_file(directory, host).read_text())
    except FileNotFoundError:
        return 0.0


def _ordered_at(event: Event) -> float:
    """The time in an order; that of no order at all is far in the past."""
    order = re.match(r'fence@[^@]*@(\d+(?:\.\d+)?)(?:@|$)', event.payload)
    return float(order[1]) if order else float('-inf')


def _file(directory: Path, host: str) -> Path:
    return directory / f'booted-{host}'
