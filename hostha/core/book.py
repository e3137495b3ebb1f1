"""The book of servers: one entry for each server of a lost host, and the rule by which each is moved.

Nova does not stop a second evacuate of the same server: sent twice it answers 200 twice, and the server has run on two hosts. Hence
the rule, here and nowhere else: the intent is on the book before the call; after any doubt Nova is read first; a server whose
evacuation is not at its end is followed, never sent again. The server's own host is the truth, no record is.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    """Where a server stands on the book. The last three are ends."""

    PENDING = 'pending'
    ORDERED = 'ordered'
    MOVED = 'moved'
    SKIPPED = 'skipped'
    FAILED = 'failed'


ENDS = (Phase.MOVED, Phase.SKIPPED, Phase.FAILED)


@dataclass(frozen=True, slots=True)
class Entry:
    """One server on the book.

    former_state: Nova's vm_state before the first call. attempts: evacuate calls intended so far. floor: the highest id among the
    host's evacuation records before the last call: only a record above it can be of that call. ordered_at: wall seconds of that call.
    answered: whether Nova's answer to that call was seen.
    """

    incident: str
    server: str
    name: str
    former_state: str
    source: str
    phase: Phase = Phase.PENDING
    attempts: int = 0
    floor: int = 0
    ordered_at: float = 0.0
    answered: bool = False
    destination: str = ''
    reason: str = ''
    started_at: float = 0.0
    ended_at: float = 0.0

    @property
    def ended(self) -> bool:
        """Whether nothing more is to be done for this server."""
        return self.phase in ENDS


@dataclass(frozen=True, slots=True)
class Server:
    """A server as Nova shows it. state: vm_state ('active', 'stopped', ...). host: service host, '' for none. created: ISO 8601."""

    id: str
    name: str
    host: str
    state: str
    task: str = ''
    fault: str = ''
    created: str = ''


@dataclass(frozen=True, slots=True)
class Evacuation:
    """One of Nova's migration records of type evacuation."""

    id: int
    server: str
    source: str
    destination: str
    status: str


class Act(StrEnum):
    """The next thing to do for a server on the book."""

    ORDER = 'order'
    WAIT = 'wait'
    RESET = 'reset'
    DELETE = 'delete'
    STOP = 'stop'
    MOVED = 'moved'
    SKIP = 'skip'
    FAILED = 'failed'


@dataclass(frozen=True, slots=True)
class Next:
    """An act, and why."""

    act: Act
    why: str


IN_FLIGHT = ('accepted', 'pre-migrating')
"""Statuses of an evacuation record whose rebuild has not been done yet."""

EVACUABLE = ('active', 'stopped', 'error')
"""The vm_states that Nova evacuates as they are (measured, microversion 2.94)."""

RESETTABLE = ('paused', 'suspended', 'rescued', 'resized')
"""The vm_states that Nova evacuates only after a reset to error; they come back active, memory lost."""

LEFT_ALONE = {
    'shelved_offloaded': 'shelved: it runs on no host, and a reset would ruin it',
    'soft-delete': 'soft-deleted: an evacuation would bring it back',
    'building': 'never launched: Nova cannot evacuate it',
    'deleted': 'deleted'}

LOST_ORDER_AFTER = 60.0
"""Seconds without any trace in Nova after which a call that was never answered is taken as never received. Twice the time
limit of a call: Nova writes the record before it answers, and RabbitMQ may hold a call for 20 s (measured)."""


def next_act(entry: Entry, server: Server | None, records: Sequence[Evacuation], doubted: float,
             dead: Collection[str] = ()) -> Next:
    """What to do next for a server on the book.

    server: as Nova shows it now, None if Nova does not know it any more. records: the evacuation records of the lost host, by id.
    doubted: seconds for which this process has looked for a trace of an order that was not answered, by the monotonic clock: a wall clock
    that jumps, a call that hung and a restart must not shorten it. dead: the hosts that are proven off and marked down in Nova.
    """
    if server is None or server.state == 'deleted':
        return Next(Act.SKIP, 'deleted meanwhile')
    if server.host != entry.source:
        return _elsewhere(entry, server)
    mine = [record for record in records if record.server == entry.server and record.id > entry.floor]
    if entry.phase is Phase.ORDERED:
        return _ordered(entry, server, mine, doubted, dead)
    return _not_ordered(entry, server, mine, dead)


def _elsewhere(entry: Entry, server: Server) -> Next:
    if not server.host:
        return Next(Act.SKIP, LEFT_ALONE.get(server.state, 'it is on no host'))
    if server.task:
        return Next(Act.WAIT, f'on {server.host}, {server.task}')
    if entry.former_state == 'stopped' and server.state == 'active':
        return Next(Act.STOP, f'on {server.host}; it was stopped before and a failed try made Nova forget it')
    if server.state == 'error':
        return Next(Act.FAILED, f'on {server.host}, but in error: {server.fault or "no fault given"}')
    before = '' if server.state == entry.former_state else f'; it was {entry.former_state} before'
    return Next(Act.MOVED, f'{server.state} on {server.host}{before}')


def _ordered(entry: Entry, server: Server, mine: Sequence[Evacuation], doubted: float, dead: Collection[str]) -> Next:
    """Still shown on the lost host, and a call for it may be on its way."""
    if mine and mine[-1].status in IN_FLIGHT and mine[-1].destination in dead:
        return Next(Act.FAILED, f'its target {mine[-1].destination} died and is proven off')
    if server.task:
        return Next(Act.WAIT, server.task)
    if any(record.status in IN_FLIGHT for record in mine):
        return Next(Act.WAIT, 'accepted by Nova')
    if any(record.status in ('error', 'failed') for record in mine):
        return Next(Act.FAILED, server.fault or 'Nova could not rebuild it')
    if mine:
        return Next(Act.WAIT, f'its record is {mine[-1].status}, the server is not moved yet')
    if entry.answered:
        return Next(Act.WAIT, 'ordered; no record yet')
    if doubted < LOST_ORDER_AFTER:
        return Next(Act.WAIT, 'it is not known whether the order reached Nova: look before it is sent again')
    return Next(Act.FAILED, 'the order never reached Nova')


def _not_ordered(entry: Entry, server: Server, mine: Sequence[Evacuation], dead: Collection[str]) -> Next:
    if server.state in LEFT_ALONE:
        return Next(Act.SKIP, LEFT_ALONE[server.state])
    if server.task == 'deleting':
        return Next(Act.DELETE, "its user's delete was under way: an evacuation would undo it")
    # a record alone may be the leftover of an earlier incident, a task alone a user's rebuild that the loss interrupted
    others = [record for record in mine if record.status in IN_FLIGHT and record.destination not in dead]
    if server.task.startswith('rebuil') and others:
        return Next(Act.WAIT, 'an evacuation that somebody else ordered is under way')
    if server.state in RESETTABLE:
        return Next(Act.RESET, f'{server.state}: Nova evacuates it only from error')
    if server.state not in EVACUABLE:
        return Next(Act.SKIP, f'in the state {server.state}, which cannot be evacuated')
    return Next(Act.ORDER, f'it was {entry.former_state}')


OVERDUE_AFTER = 180.0
"""Seconds after which a server that is still followed is worth a word to the operator: a slow rebuild is no failed one."""


def overdue(entry: Entry, now: float) -> bool:
    """Whether the order of this entry is under way for unusually long. ``now``: wall seconds."""
    return entry.phase is Phase.ORDERED and now - entry.ordered_at > OVERDUE_AFTER


def may_order(entry: Entry, entries: Iterable[Entry], limit: int) -> bool:
    """Whether ``entry`` is among those that may be ordered now: at most ``limit`` in flight for its host, in the order of the book."""
    book = list(entries)
    free = limit - sum(1 for other in book if other.phase is Phase.ORDERED)
    # one that was tried before sits out its pause: it neither waits in line nor holds up those behind it
    first_tries = [other.server for other in book if other.phase is Phase.PENDING and not other.attempts]
    return free > 0 and (entry.attempts > 0 or entry.server in first_tries[:free])


def highest(records: Iterable[Evacuation]) -> int:
    """The highest id among evacuation records; 0 if there are none."""
    return max((record.id for record in records), default=0)


def remaining(entries: Iterable[Entry]) -> list[Entry]:
    """The entries that have not ended, those in flight first."""
    return sorted((entry for entry in entries if not entry.ended), key=lambda entry: entry.phase is not Phase.ORDERED)


def new_entries(incident: str, host: str, servers: Collection[Server], known: Iterable[Entry]) -> list[Entry]:
    """Entries for the servers of ``host`` that are not on the book yet, the oldest first.

    A server that Nova's host filter let through though it is elsewhere is left out: without the admin role Nova ignores the
    filter and lists everything.
    """
    have = {entry.server for entry in known}
    fresh = [server for server in servers if server.host == host and server.id not in have]
    return [Entry(incident, server.id, server.name, server.state, host)
            for server in sorted(fresh, key=lambda server: (server.created, server.id))]


def summary(entries: Iterable[Entry]) -> str:
    """The book in words: how many servers stand where."""
    phases = [entry.phase for entry in entries]
    counts = [f'{phases.count(phase)} {phase}' for phase in Phase if phase in phases]
    return ', '.join(counts) or 'no servers'
