"""When a recovered host may serve again, step by step.

A leftover evacuation record destroys a healthy server at a later start of the host's nova-compute (measured: it destroys every local
guest named in a record of accepted, pre-migrating or done, without asking where the server lives now). So the host stays forced down
until none of its servers is on its way by our own book and, read after its nova-compute started, no such record is left.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from hostha.core.book import Entry, Evacuation, Phase

LEFTOVER = ('accepted', 'pre-migrating', 'done')
"""Statuses of evacuation records that nova-compute acts on when it starts."""

OUR_MARK = 'hostha:'
"""Every reason that hostha gives Nova for disabling a host begins so: only such a host is enabled again by hostha."""


@dataclass(frozen=True, slots=True)
class ComputeService:
    """A nova-compute service as Nova shows it. updated_at: ISO 8601; it moves with each heartbeat, also while forced down."""

    id: str
    host: str
    up: bool
    enabled: bool
    forced_down: bool
    disabled_reason: str = ''
    updated_at: str = ''

    @property
    def disabled_by_us(self) -> bool:
        """Whether it was hostha that disabled it."""
        return not self.enabled and self.disabled_reason.startswith(OUR_MARK)


class Step(StrEnum):
    """The next thing to do for a host that is back."""

    WAIT = 'wait'
    UNFORCE = 'unforce'
    ENABLE = 'enable'
    DONE = 'done'
    REFUSE = 'refuse'


def next_step(service: ComputeService | None, beating: bool, records: Sequence[Evacuation], entries: Iterable[Entry]) -> tuple[Step, str]:
    """What to do next, and why. beating: whether nova-compute's heartbeat was seen to move since the host is back."""
    if service is None:
        return Step.REFUSE, 'Nova knows no nova-compute of this host'
    moving = sum(1 for entry in entries if entry.phase is Phase.ORDERED)
    if moving:
        return Step.WAIT, f'{moving} of its servers are still on their way'
    if not beating:
        return Step.WAIT, 'its nova-compute does not run yet'
    left = [record for record in records if record.status in LEFTOVER]
    if left:
        return Step.WAIT, f'{len(left)} evacuation records of it are not completed: its nova-compute has to start once more'
    if service.forced_down:
        return Step.UNFORCE, 'its nova-compute runs, and no evacuation record is left'
    if not service.up:
        return Step.WAIT, 'Nova does not show it up yet'
    if service.disabled_by_us:
        return Step.ENABLE, 'up in Nova'
    return Step.DONE, 'up and enabled' if service.enabled else f'up; disabled by somebody else: {service.disabled_reason}'
