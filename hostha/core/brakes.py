"""Reasons not to act, however clear the verdict. Each is a pure function of one snapshot and gives its reason in words and numbers."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from hostha.core.model import HostRecord
from hostha.core.policy import Verdict
from hostha.core.states import Response, State


@dataclass(frozen=True, slots=True)
class Limits:
    """The operator's limits. max_evacuation: hosts that may be lost at once; more than that is no loss of hosts but of something else."""

    max_evacuation: int = 3


def holding(host: str, records: Iterable[HostRecord], verdicts: Mapping[str, Verdict], limits: Limits) -> list[str]:
    """Every reason not to fence ``host`` now, in words; an empty list if there is none.

    records: all hosts. verdicts: host -> the latest look at it; a host without one is not counted as lost by its looks.
    """
    return [reason for reason in (_max_evacuation(host, records, verdicts, limits.max_evacuation),) if reason]


def _max_evacuation(host: str, records: Iterable[HostRecord], verdicts: Mapping[str, Verdict], limit: int) -> str:
    lost = sorted({host} | {record.name for record in records if _lost(record, verdicts.get(record.name))})
    if len(lost) <= limit:
        return ''
    return f'{len(lost)} hosts are lost at once ({_listed(lost)}), max_evacuation is {limit}'


def _lost(record: HostRecord, seen: Verdict | None) -> bool:
    """A host under recovery, or one that looks as if it would need it.

    A recovered host that waits for its repair is not counted: three of them would stop hostha for as long as they stay broken.
    """
    if record.state in (State.FENCED, State.EVACUATING):
        return True
    if record.state is State.ISOLATED:
        return record.response is Response.FENCE
    return record.state in (State.ACTIVE, State.SUSPECT) and seen is not None and seen.any_down and seen.response is Response.FENCE


def _listed(hosts: list[str], most: int = 8) -> str:
    return ', '.join(hosts[:most]) + (f' and {len(hosts) - most} more' if len(hosts) > most else '')


NOVA_BELIEVES = 75.0
"""Seconds for which Nova may go on to choose a dead host as a target: its service_down_time, 60 by default, and a margin."""


def evacuation_due(records: Collection[HostRecord], now: float) -> tuple[list[str], list[str]]:
    """The hosts whose evacuation may start, and the hosts that it has to wait for. ``now``: wall seconds.

    Every host that is proven off is marked down in Nova before any server is moved: Nova would send one to a dead host, and the order
    would wait there in the queue for its return. For the same reason the evacuation waits for hosts that may turn out to be dead.
    It waits for none longer than Nova would believe it alive; and for those that only may be dead no longer than that in all, since
    there can always be a new one.
    """
    # whichever way a wall clock jumps, nobody is waited for on account of it for long
    fresh = [record for record in records if abs(now - record.since) < NOVA_BELIEVES]
    dead = sorted(record.name for record in fresh if record.state is State.FENCED and not record.marked_down)
    maybe = sorted(record.name for record in fresh if _may_be_dead(record))
    ready = {record.name: abs(now - record.since) for record in records if record.state is State.FENCED and record.marked_down}
    due = [] if dead else [host for host, waited in ready.items() if not maybe or waited >= NOVA_BELIEVES]
    return sorted(due), dead + maybe


def _may_be_dead(record: HostRecord) -> bool:
    return record.state in (State.SUSPECT, State.ISOLATED) or (record.state is State.ERROR and record.response is Response.FENCE)
