"""A compute host that obeys: a command for its watch handler that powers it off at a fresh ``fence`` order."""

import re
import sys
from pathlib import Path

from tests.beds.consul.handler import decode

MAX_AGE = 120
"""Seconds, into the past or the future, after which an order no longer counts."""


def command(directory: Path) -> list[str]:
    """The ``on_fence`` for a bed with this directory."""
    return [sys.executable, '-m', 'tests.beds.consul', '--directory', str(directory), 'self-fence']


def ordered(events: str, host: str, now: float) -> bool:
    """Whether these events, as a watch handler gets them, hold an order for this host that still counts.

    An order's payload is ``fence@SENDER@UNIXTIME``, whatever follows. The filter may be the bare name or anchored.
    """
    return any(
        re.fullmatch(event.node_filter, host) and _is_fresh_fence(event.payload, now)
        for event in decode(events)
    )


def _is_fresh_fence(payload: str, now: float) -> bool:
    order = re.match(r'fence@[^@]*@(\d+(?:\.\d+)?)(?:@|$)', payload)
    return bool(order and abs(now - float(order[1])) <= MAX_AGE)
