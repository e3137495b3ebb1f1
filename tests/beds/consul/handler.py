"""The watch handler of the computes: what Consul hands to it, written down and read again."""

import base64
import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCRIPT = """#!/bin/sh
# usage: handler LOG HOST NETWORK. One line of JSON per run; the events come on standard input as one line of JSON, too.
events=$(cat)
printf '{"at": %s, "host": "%s", "network": "%s", "events": %s}\\n' "$(date +%s.%N)" "$2" "$3" "${events:-[]}" >>"$1"
"""
HAND_ON = """printf '%s\\n' "$events" | COMMAND "$2"
"""


@dataclass(frozen=True)
class Event:
    """One event as Consul handed it over. ``node_filter``: the regular expression of host names it was fired with."""

    name: str
    payload: str
    node_filter: str
    ltime: int


@dataclass(frozen=True)
class HandlerRun:
    """One run of a host's handler on one network. ``at``: wall time in seconds.

    A run without events is how Consul greets the handler when the agent starts.
    """

    at: float
    host: str
    network: str
    events: tuple[Event, ...]


def write(script: Path, on_fence: Sequence[str]) -> None:
    """Write the handler.

    on_fence  a command that gets each run's standard input as well, with the host's name as its last argument
    """
    hand_on = HAND_ON.replace('COMMAND', shlex.join(on_fence)) if on_fence else ''
    script.write_text(SCRIPT + hand_on)
    script.chmod(0o755)


def runs(log: Path) -> list[HandlerRun]:
    """All runs so far, oldest first; a line that is just being written is left for later."""
    lines = log.read_text().splitlines(keepends=True) if log.exists() else []
    return [_run(json.loads(line)) for line in lines if line.endswith('\n')]


def decode(events: str) -> tuple[Event, ...]:
    """The events in what Consul writes to a handler's standard input."""
    return tuple(_event(event) for event in json.loads(events or '[]'))


def _run(line: dict[str, Any]) -> HandlerRun:
    return HandlerRun(line['at'], line['host'], line['network'], tuple(map(_event, line['events'])))


def _event(event: dict[str, Any]) -> Event:
    payload = base64.b64decode(event['Payload'] or '').decode(errors='replace')
    return Event(event['Name'], payload, event['NodeFilter'], event['LTime'])
