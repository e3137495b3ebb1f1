"""step(): the only place where a host changes its state."""

from dataclasses import replace

from hostha.core.model import Decision, Happening, HostRecord, Proof
from hostha.core.states import Command, Event, Guard, Response, State
from hostha.core.table import IGNORED, ROWS, Row
from hostha.exceptions import InvalidTransition

STALL_PAUSES = (5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0)
"""Seconds before work that an outside system put off is tried again; the last one repeats for ever."""

_RESPONSES = {Event.FENCE_CHOSEN: Response.FENCE, Event.WITHDRAW_CHOSEN: Response.WITHDRAW, Event.NOTIFY_CHOSEN: Response.NOTIFY,
              Event.LIFE_SEEN: Response.FENCE, Event.OFF_CONFIRMED: Response.FENCE}
_TAKES_OUT = (Command.WITHDRAW, Command.MARK_DOWN)
_PROVES = (Event.HOST_FENCED, Event.OFF_CONFIRMED)


def step(record: HostRecord, happening: Happening, now: float, check_interval: float = 10.0) -> Decision:
    """Decide what ``happening`` means for the host ``record``.

    now: wall time in seconds. check_interval: seconds to wait before checks start anew after a verdict was withheld.
    Pure and total: returns a Decision (``applied`` False when the event is ignored here or late), never changes its arguments.
    Raises InvalidTransition for a pair that the table does not know, and for a proven-off event that bears no proof.
    """
    late = _late(record, happening)
    if late:
        return _unchanged(record, happening, late)
    row = _row(record, happening.event)
    if row is None:
        return _unchanged(record, happening, _why_ignored(record, happening))
    if happening.event in _PROVES and happening.proof is None:
        raise InvalidTransition(record.name, record.state, f'{happening.event} without a proof')
    after = _after(record, happening, row, now)
    return Decision(record, after, happening, row.why, row.command, delay=_delay(happening.event, after.stalls, check_interval))


def acceptable(state: State, event: Event) -> bool:
    """Whether the table has a row for this pair: what the API checks before it takes an operator's order."""
    return (state, event) in ROWS


def _late(record: HostRecord, happening: Happening) -> str:
    if happening.epoch is not None and happening.epoch != record.epoch:
        return f'it belongs to epoch {happening.epoch}, the host is at {record.epoch}'
    if happening.flow is not None and happening.flow != record.flow:
        return 'it is the outcome of a flow that this host no longer runs'
    return ''


def _row(record: HostRecord, event: Event) -> Row | None:
    return next((row for row in ROWS.get((record.state, event), ()) if row.guard is None or _holds(row.guard, record)), None)


def _holds(guard: Guard, record: HostRecord) -> bool:
    return record.proof is not None if guard is Guard.HAS_PROOF else record.out_of_service


def _why_ignored(record: HostRecord, happening: Happening) -> str:
    try:
        return IGNORED[record.state, happening.event]
    except KeyError:
        raise InvalidTransition(record.name, record.state, happening.event) from None


def _unchanged(record: HostRecord, happening: Happening, why: str) -> Decision:
    return Decision(record, record, happening, why, applied=False)


def _after(record: HostRecord, happening: Happening, row: Row, now: float) -> HostRecord:
    opens, closes = record.incident is None, row.next is State.ACTIVE
    epoch = record.epoch + 1 if opens else record.epoch
    out = record.out_of_service or row.command in _TAKES_OUT
    marked = record.marked_down or happening.event is Event.HOST_MARKED_DOWN
    moved = row.next is not record.state
    return replace(
        record, state=row.next, epoch=epoch, version=record.version + 1,
        incident=None if closes else f'{record.name}.{epoch}' if opens else record.incident,
        flow=None, command=row.command,
        response=Response.NONE if closes else _RESPONSES.get(happening.event, record.response),
        pattern=happening.pattern or record.pattern, reason=happening.reason,
        proof=_proof(record, happening, row),
        out_of_service=out and not closes,
        # a host that is marked down anew, or not any more, has to be confirmed as such anew
        marked_down=marked and not closes and row.command is not Command.MARK_DOWN,
        stalls=record.stalls + 1 if happening.event is Event.WORK_STALLED else 0,
        since=now if moved else record.since)


def _proof(record: HostRecord, happening: Happening, row: Row) -> Proof | None:
    if happening.proof is not None:
        return happening.proof
    void = happening.event in (Event.LIFE_SEEN, Event.HOST_RETURNED) or row.next in (State.ACTIVE, State.SUSPECT, State.MAINTENANCE)
    return None if void else record.proof


def _delay(event: Event, stalls: int, check_interval: float) -> float:
    if event is Event.VERDICT_WITHHELD:
        return check_interval
    if event is Event.WORK_STALLED:
        return STALL_PAUSES[min(stalls, len(STALL_PAUSES)) - 1]
    return 0.0
