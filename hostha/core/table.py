"""The machine, as data: one row a transition, and every pair of state and event that is ignored, with its reason.

How to read a row: in ``state``, when ``event`` happens (and ``guard`` holds, where there is one), the host goes to ``next`` and
``command`` is started there; ``why`` is what an operator is told. Of several rows for one state and event the first whose guard
holds counts. A pair that is neither a row nor ignored cannot happen: step() raises InvalidTransition and nothing changes.

The diagram in the README and docs/architecture.md are drawn from this table.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from hostha.core.states import Command as C
from hostha.core.states import Event as E
from hostha.core.states import Guard as G
from hostha.core.states import State as S


class Row(NamedTuple):
    """One transition of the machine."""

    state: S
    event: E
    next: S
    command: C | None
    why: str
    guard: G | None = None


TABLE: tuple[Row, ...] = (
    Row(S.ACTIVE, E.LOSS_SEEN, S.SUSPECT, C.CHECK, 'a network of the host is down: check before anything is done'),
    Row(S.ACTIVE, E.MAINTENANCE_STARTED, S.MAINTENANCE, None, 'the operator takes over'),

    Row(S.SUSPECT, E.LOSS_CLEARED, S.RECOVERED, C.READMIT, 'all networks are back: take it into service again', G.OUT_OF_SERVICE),
    Row(S.SUSPECT, E.LOSS_CLEARED, S.ACTIVE, None, 'all networks are back'),
    Row(S.SUSPECT, E.VERDICT_WITHHELD, S.SUSPECT, C.CHECK, 'no verdict now: go on checking'),
    Row(S.SUSPECT, E.FENCE_CHOSEN, S.ISOLATED, C.FENCE, 'the loss is confirmed: make sure that the host is off'),
    Row(S.SUSPECT, E.WITHDRAW_CHOSEN, S.ISOLATED, C.WITHDRAW, 'the loss is confirmed: give the host no new servers'),
    Row(S.SUSPECT, E.NOTIFY_CHOSEN, S.ISOLATED, None, 'the loss is confirmed: tell the operator, touch nothing'),
    Row(S.SUSPECT, E.OFF_CONFIRMED, S.FENCED, C.MARK_DOWN, 'the operator vouches that the host is off'),
    Row(S.SUSPECT, E.MAINTENANCE_STARTED, S.MAINTENANCE, None, 'the operator takes over'),
    Row(S.SUSPECT, E.FLOW_FAILED, S.ERROR, None, 'the check broke: hostha cannot judge this host'),

    Row(S.ISOLATED, E.HOST_FENCED, S.FENCED, C.MARK_DOWN, 'the host is proven off: tell Nova'),
    Row(S.ISOLATED, E.FENCING_FAILED, S.ERROR, None, 'no proof that the host is off: its servers must not be touched'),
    Row(S.ISOLATED, E.LOSS_CHANGED, S.SUSPECT, C.CHECK, 'what is lost has changed, and no proof is at hand: check again'),
    Row(S.ISOLATED, E.HOST_WITHDRAWN, S.ISOLATED, None, 'the host gets no new servers: wait for its networks'),
    Row(S.ISOLATED, E.WORK_STALLED, S.ISOLATED, C.WITHDRAW, 'Nova did not answer: try again'),
    Row(S.ISOLATED, E.OFF_CONFIRMED, S.FENCED, C.MARK_DOWN, 'the operator vouches that the host is off'),
    Row(S.ISOLATED, E.MAINTENANCE_STARTED, S.MAINTENANCE, None, 'the operator takes over'),
    Row(S.ISOLATED, E.FLOW_FAILED, S.ERROR, None, 'the response broke: it is not known what was done'),

    Row(S.FENCED, E.HOST_MARKED_DOWN, S.FENCED, None, 'Nova regards the host as down: wait until all dead hosts are'),
    Row(S.FENCED, E.EVACUATION_CLEARED, S.EVACUATING, C.EVACUATE, 'no dead host can be chosen as a target: evacuate'),
    Row(S.FENCED, E.LIFE_SEEN, S.ISOLATED, C.FENCE, 'the host lives: the proof is void, make sure again'),
    Row(S.FENCED, E.WORK_STALLED, S.FENCED, C.MARK_DOWN, 'Nova did not answer: try again'),
    Row(S.FENCED, E.FLOW_FAILED, S.ERROR, None, 'Nova could not be told that the host is down'),

    Row(S.EVACUATING, E.SERVERS_PLACED, S.RECOVERED, None, 'every server has ended: wait for the host'),
    Row(S.EVACUATING, E.SERVERS_REMAINED, S.EVACUATING, C.EVACUATE, 'more servers are on the book: go on'),
    Row(S.EVACUATING, E.WORK_STALLED, S.EVACUATING, C.EVACUATE, 'Nova did not answer: go on from the book'),
    Row(S.EVACUATING, E.LIFE_SEEN, S.ISOLATED, C.FENCE, 'the host lives: the proof is void, make sure again'),
    Row(S.EVACUATING, E.FLOW_FAILED, S.ERROR, None, 'the evacuation broke: servers are still on the book'),

    Row(S.RECOVERED, E.HOST_RETURNED, S.RECOVERED, C.READMIT, 'the host is back on all networks: take it back'),
    Row(S.RECOVERED, E.LOSS_SEEN, S.SUSPECT, C.CHECK, 'the host is lost again, and servers may be on it: check'),
    Row(S.RECOVERED, E.HOST_READMITTED, S.ACTIVE, None, 'the host is in service again'),
    Row(S.RECOVERED, E.READMISSION_FAILED, S.RECOVERED, None, 'not fit for service yet: wait for it'),
    Row(S.RECOVERED, E.MAINTENANCE_STARTED, S.MAINTENANCE, None, 'the operator takes over'),
    Row(S.RECOVERED, E.FLOW_FAILED, S.ERROR, None, 'the readmission broke: the host stays out of service'),

    Row(S.MAINTENANCE, E.MAINTENANCE_ENDED, S.RECOVERED, None, 'the host is still out of service: take it back first', G.OUT_OF_SERVICE),
    Row(S.MAINTENANCE, E.MAINTENANCE_ENDED, S.ACTIVE, None, 'the operator hands the host back'),

    Row(S.ERROR, E.RETRY_ORDERED, S.FENCED, C.MARK_DOWN, 'the proof holds: go on from there', G.HAS_PROOF),
    Row(S.ERROR, E.RETRY_ORDERED, S.SUSPECT, C.CHECK, 'start from the checks again'),
    Row(S.ERROR, E.OFF_CONFIRMED, S.FENCED, C.MARK_DOWN, 'the operator vouches that the host is off'),
    Row(S.ERROR, E.RESET_ORDERED, S.RECOVERED, None, 'the operator gives the incident up: take the host back', G.OUT_OF_SERVICE),
    Row(S.ERROR, E.RESET_ORDERED, S.ACTIVE, None, 'the operator gives the incident up'),
    Row(S.ERROR, E.MAINTENANCE_STARTED, S.MAINTENANCE, None, 'the operator takes over'),
    Row(S.ERROR, E.LIFE_SEEN, S.ERROR, None, 'the host lives: its proof is void'),
)

OBSERVED = (E.LOSS_SEEN, E.LOSS_CHANGED, E.LIFE_SEEN, E.HOST_RETURNED)
JUDGED = (E.LOSS_CLEARED, E.VERDICT_WITHHELD, E.FENCE_CHOSEN, E.WITHDRAW_CHOSEN, E.NOTIFY_CHOSEN)
OUTCOMES = (E.HOST_FENCED, E.FENCING_FAILED, E.HOST_WITHDRAWN, E.HOST_MARKED_DOWN, E.SERVERS_REMAINED, E.SERVERS_PLACED,
            E.HOST_READMITTED, E.READMISSION_FAILED, E.WORK_STALLED, E.FLOW_FAILED)
OPERATORS = (E.MAINTENANCE_STARTED, E.MAINTENANCE_ENDED, E.OFF_CONFIRMED, E.RETRY_ORDERED, E.RESET_ORDERED)

_LATE = 'the outcome of work that this state does not do: too late'
_SEEN = 'this state does not act on what is seen'
_NOT_DUE = 'no host waits for its evacuation in this state'
_HEALTHY = 'nothing is wrong with the host'
_PLACE_FIRST = 'its servers have to be placed first'
_NO_MAINTENANCE = 'the host is not in maintenance'
_NOT_IN_ERROR = 'the host is not in error'
_PROVEN = 'the host is proven off already'
_OPERATOR_HAS_IT = 'the host is in the hands of the operator'


def _all(state: S, events: Iterable[E], reason: str) -> Iterator[tuple[S, E, str]]:
    return ((state, event, reason) for event in events)


def _ignored() -> Iterator[tuple[S, E, str]]:
    """What each state ignores and why; pairs that are rows are taken out below."""
    for state in S:
        yield from _all(state, OBSERVED, _SEEN)
        yield from _all(state, JUDGED + OUTCOMES, _LATE)
        yield state, E.EVACUATION_CLEARED, _NOT_DUE
        yield state, E.MAINTENANCE_ENDED, _NO_MAINTENANCE
        yield from _all(state, (E.RETRY_ORDERED, E.RESET_ORDERED), _NOT_IN_ERROR)
    yield S.ACTIVE, E.OFF_CONFIRMED, _HEALTHY
    for state in (S.FENCED, S.EVACUATING):
        yield state, E.OFF_CONFIRMED, _PROVEN
        yield state, E.MAINTENANCE_STARTED, _PLACE_FIRST
    yield S.RECOVERED, E.OFF_CONFIRMED, 'the host is out of service: if it is lost again, the checks begin anew'
    yield from _all(S.MAINTENANCE, (E.OFF_CONFIRMED, E.MAINTENANCE_STARTED), _OPERATOR_HAS_IT)


ROWS: dict[tuple[S, E], tuple[Row, ...]] = {}
for _row in TABLE:
    ROWS[_row.state, _row.event] = (*ROWS.get((_row.state, _row.event), ()), _row)

IGNORED: dict[tuple[S, E], str] = {(s, e): reason for s, e, reason in _ignored() if (s, e) not in ROWS}
