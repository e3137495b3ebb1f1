"""Which flow a command is: factories and their arguments, as they are persisted."""

from collections.abc import Callable, Sequence
from typing import Any

from hostha.core.book import Entry, remaining
from hostha.core.model import HostRecord, LevelSpec
from hostha.core.states import Command
from hostha.ports import FlowSpec
from hostha.settings import Judgement, Recovery


class Planner:
    """Turns a command for a host into the flow that carries it out."""

    def __init__(self, judgement: Judgement, recovery: Recovery, levels: Callable[[str], Sequence[LevelSpec]],
                 entries: Callable[[str], Sequence[Entry]]) -> None:
        self._judgement, self._recovery, self._levels, self._entries = judgement, recovery, levels, entries

    def plan(self, record: HostRecord, command: Command, not_before: float) -> FlowSpec:
        """record: the host as it shall be when the flow runs. not_before: wall seconds."""
        factory, kwargs = _PLANS[command](self, record)
        return FlowSpec(f'{record.incident}:{command}', f'hostha.flows.{factory}', kwargs, not_before)

    def _check(self, record: HostRecord) -> tuple[str, dict[str, Any]]:
        return 'suspect.check_flow', {'host': record.name, 'attempts': self._judgement.check_retry,
                                      'interval': self._judgement.check_interval}

    def _fence(self, record: HostRecord) -> tuple[str, dict[str, Any]]:
        r = self._recovery
        return 'isolate.fence_flow', {'host': record.name, 'levels': len(self._levels(record.name)), 'attempts': r.recovery_attempts,
                                      'pause': r.recovery_pause, 'timeout': r.fence_timeout, 'poll': r.fence_poll,
                                      'anyway': record.marked_down or self._ordered(record)}

    def _ordered(self, record: HostRecord) -> bool:
        """Whether a server of the host may be on its way elsewhere: also while the host is not confirmed as marked down."""
        return any(entry.attempts for entry in self._entries(str(record.incident)))

    def _withdraw(self, record: HostRecord) -> tuple[str, dict[str, Any]]:
        return 'isolate.withdraw_flow', {'host': record.name, 'incident': record.incident}

    def _mark_down(self, record: HostRecord) -> tuple[str, dict[str, Any]]:
        return 'mark_down.mark_down_flow', {'host': record.name, 'incident': record.incident}

    def _evacuate(self, record: HostRecord) -> tuple[str, dict[str, Any]]:
        r = self._recovery
        servers = [entry.server for entry in remaining(self._entries(str(record.incident)))][:r.servers_per_flow]
        return 'evacuate.evacuate_flow', {
            'host': record.name, 'incident': record.incident, 'servers': servers, 'attempts': r.recovery_attempts,
            'pause': r.recovery_pause, 'tries': r.evacuate_retry_count, 'interval': r.evacuate_retry_interval,
            'parallel': r.max_parallel_evacuations, 'poll': r.follow_interval}

    def _readmit(self, record: HostRecord) -> tuple[str, dict[str, Any]]:
        return 'readmit.readmit_flow', {'host': record.name, 'incident': record.incident, 'attempts': self._judgement.check_retry,
                                        'interval': self._judgement.check_interval, 'timeout': self._recovery.readmit_timeout,
                                        'poll': self._recovery.follow_interval}


_PLANS: dict[Command, Callable[[Planner, HostRecord], tuple[str, dict[str, Any]]]] = {
    Command.CHECK: Planner._check, Command.FENCE: Planner._fence, Command.WITHDRAW: Planner._withdraw,
    Command.MARK_DOWN: Planner._mark_down, Command.EVACUATE: Planner._evacuate, Command.READMIT: Planner._readmit}
