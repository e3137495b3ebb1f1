"""What a scenario may expect, each check as a function from a snapshot to what is wrong with it."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from hostha.core.book import Entry
from hostha.core.model import HostRecord
from hostha.ports import Transition
from hostha.sim.world import World


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that can be expected something of. transitions: of each host, oldest first. books: of each host, of its last
    incident."""

    world: World
    records: Mapping[str, HostRecord]
    transitions: Mapping[str, Sequence[Transition]]
    books: Mapping[str, Sequence[Entry]]

    def path(self, host: str) -> list[str]:
        """The states that the host has gone to, one after the other."""
        return [row.after for row in self.transitions[host] if row.after != row.before]

    def reached(self, host: str, state: str) -> float | None:
        """When the host first went to a state, seconds since the beginning; None if it never did."""
        times = [row.at for row in self.transitions[host] if row.after == state != row.before]
        return times[0] - self.world.stage.epoch if times else None


class Check(NamedTuple):
    """of_servers: keyed by server instead of by host. find: what there is instead of ``wanted``, for one key; None if it is as wanted."""

    of_servers: bool
    find: Callable[[Snapshot, str, Any], object | None]


def failures(checks: Mapping[str, Any], snapshot: Snapshot) -> list[str]:
    """What is not as expected, in words."""
    found = [(name, key, wanted, CHECKS[name].find(snapshot, key, wanted))
             for name, wants in checks.items() for key, wanted in wants.items()]
    return [f'{name} of {key}: expected {wanted}, found {is_}' for name, key, wanted, is_ in found if is_ is not None]


def _equal(read: Callable[[Snapshot, str], Any]) -> Callable[[Snapshot, str, Any], object | None]:
    def find(snapshot: Snapshot, key: str, wanted: Any) -> object | None:
        found = read(snapshot, key)
        return None if found == wanted else f'{found}'
    return find


def _reason(snapshot: Snapshot, host: str, wanted: str) -> object | None:
    reason = snapshot.records[host].reason
    return None if wanted in reason else reason


def _proof(snapshot: Snapshot, host: str) -> str:
    proof = snapshot.records[host].proof
    return proof.level if proof else 'none'


def _reached(snapshot: Snapshot, host: str, wanted: Mapping[str, Sequence[float]]) -> object | None:
    for state, (earliest, latest) in wanted.items():
        at = snapshot.reached(host, state)
        if at is None or not earliest <= at <= latest:
            return f'{state} {"never" if at is None else f"at {at:.2f}"}'
    return None


def _running(snapshot: Snapshot, server: str) -> str:
    on = [host.name for host in snapshot.world.hosts.values() if host.guests.get(server)]
    return ' '.join(on) or 'nowhere'


def _server_state(snapshot: Snapshot, server: str) -> str:
    instance = snapshot.world.nova.inventory.instances.get(server)
    return instance.state if instance else 'gone'


def _service(snapshot: Snapshot, host: str) -> str:
    service = snapshot.world.nova.inventory.services[host]
    if service.forced_down:
        return 'down'
    return 'enabled' if service.enabled else 'disabled'


def _book(snapshot: Snapshot, host: str) -> dict[str, int]:
    return dict(Counter(str(entry.phase) for entry in snapshot.books[host]))


CHECKS: Mapping[str, Check] = {
    'state': Check(False, _equal(lambda snapshot, host: str(snapshot.records[host].state))),
    'reason': Check(False, _reason),
    'proof': Check(False, _equal(_proof)),
    'epoch': Check(False, _equal(lambda snapshot, host: snapshot.records[host].epoch)),
    'path': Check(False, _equal(lambda snapshot, host: snapshot.path(host))),
    'reached': Check(False, _reached),
    'book': Check(False, _equal(_book)),
    'fences': Check(False, _equal(lambda snapshot, host: snapshot.world.fenced.count(host))),
    'evacuations': Check(False, _equal(lambda snapshot, host: [source for _, source in snapshot.world.nova.accepted].count(host))),
    'servers': Check(False, _equal(lambda snapshot, host: len(snapshot.world.nova.inventory.on(host)))),
    'service': Check(False, _equal(_service)),
    'power': Check(False, _equal(lambda snapshot, host: snapshot.world.hosts[host].power)),
    'server_state': Check(True, _equal(_server_state)),
    'running': Check(True, _equal(_running))}
"""Of the record: state, reason (a part of it), proof (its level, or none), epoch. path: the states gone to. reached: state ->
[earliest, latest] second. book: phase -> servers. fences: how often it was asked to be off. evacuations: accepted by Nova.
servers: how many Nova shows there. power: whether it is on. service: enabled, disabled or down. server_state: vm_state, or gone.
running: where its guest runs, or nowhere."""
