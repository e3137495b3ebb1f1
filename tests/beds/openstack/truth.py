"""What really runs where, whatever Nova believes: a journal of every change of every guest.

The fake hypervisor writes it; tests read it. One JSON line for each change, appended in one write, never rewritten.
The state of a host is what its lines add up to, so that a guest outlives its nova-compute as on a real host.
"""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

RUNNING, OFF, GONE = 'running', 'off', 'gone'


@dataclass(frozen=True, slots=True)
class Change:
    """A guest on a host took on a state, because of ``why``. ``time``: seconds since the epoch."""

    time: float
    host: str
    vm: str
    state: str
    why: str


@dataclass(frozen=True, slots=True)
class Overlap:
    """The moment at which a VM began to run on a host while it ran on others: what must never happen."""

    time: float
    vm: str
    host: str
    others: tuple[str, ...]


class Truth:
    """The journal of one bed."""

    def __init__(self, directory: Path) -> None:
        self._journal = directory / 'run' / 'guests.jsonl'

    def note(self, host: str, vm: str, state: str, why: str) -> None:
        """Write one change down, now."""
        line = json.dumps(asdict(Change(time.time(), host, vm, state, why))) + '\n'
        journal = os.open(self._journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(journal, line.encode())
        finally:
            os.close(journal)

    def changes(self) -> Iterator[Change]:
        """All changes so far, in order; a line that is being written just now is left for the next time."""
        if not self._journal.exists():
            return
        complete, _, _ = self._journal.read_text().rpartition('\n')
        for line in complete.splitlines():
            yield Change(**json.loads(line))

    def guests(self, host: str) -> dict[str, str]:
        """VM -> ``running`` or ``off``, of the guests that this host has."""
        states = {change.vm: change.state for change in self.changes() if change.host == host}
        return {vm: state for vm, state in states.items() if state != GONE}

    def power_off(self, host: str) -> None:
        """The host lost its power: its running guests are off, their disks stay."""
        for vm, state in self.guests(host).items():
            if state == RUNNING:
                self.note(host, vm, OFF, 'power lost')

    def running(self) -> dict[str, list[str]]:
        """VM -> the hosts on which it runs now; more than one is the failure that must never be."""
        states = {(change.vm, change.host): change.state for change in self.changes()}
        hosts: dict[str, list[str]] = {}
        for (vm, host), state in sorted(states.items()):
            if state == RUNNING:
                hosts.setdefault(vm, []).append(host)
        return hosts

    def overlaps(self) -> list[Overlap]:
        """Every moment, in all the bed's life, at which a VM began to run on a host while it ran on another."""
        running: dict[str, set[str]] = {}
        found = []
        for change in self.changes():
            hosts = running.setdefault(change.vm, set())
            if change.state != RUNNING:
                hosts.discard(change.host)
                continue
            if others := hosts - {change.host}:
                found.append(Overlap(change.time, change.vm, change.host, tuple(sorted(others))))
            hosts.add(change.host)
        return found
