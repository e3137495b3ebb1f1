"""Moving the servers of a lost host. What to do next for each is decided in core.book alone."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from oslo_log import log

from hostha.core.book import OVERDUE_AFTER, Act, Entry, Phase, highest, may_order, new_entries, next_act, overdue, summary
from hostha.core.states import Event
from hostha.exceptions import DriverError, OutcomeUnknown, Refused, Unavailable
from hostha.flows.base import NotYet, Step, is_last, outcome
from hostha.flows.desk import Desk, Look
from hostha.flows.tasks.compute import STALLED

LOG = log.getLogger(__name__)


class EvacuationFailedError(Exception):
    """One try to move a server failed; the next one follows."""


class RecoveryFailedError(Exception):
    """One round left servers unmoved; the next one follows."""


class BeginRound(Step):
    """Sits out the pause before a further round."""

    waits_for = 'round'

    def __init__(self, name: str) -> None:
        super().__init__(name, provides='begun')

    def execute(self, round: dict[str, Any]) -> int:
        return int(round['n'])


class EvacuateServer(Step):
    """One server, from its place on the book to its end. Asks Nova before each act; never orders what may be under way."""

    waits_for = 'attempt'

    def __init__(self, name: str, server: str, position: int, parallel: int, poll: float) -> None:
        super().__init__(name, provides=f'end-{server}', rebind={'begun': 'begun', 'attempt': f'attempt-{server}'})
        self._looked_since: tuple[int, float] | None = None
        self.priority = -position  # TaskFlow starts what is ready at once by priority, and else in no order
        self._server, self._parallel, self._poll = server, parallel, poll

    @property
    def _desk(self) -> Desk:
        return self.context.desk(self._poll)

    def execute(self, begun: int, attempt: dict[str, Any]) -> str | NotYet:  # noqa: ARG002
        entry = self._desk.entry(self._server)
        if entry.ended:
            return entry.phase
        look = self._desk.look()
        if look is None:
            return NotYet(self._poll)
        tools = self.context.tools
        step = next_act(entry, look.servers.get(self._server), look.records, self._doubted(entry), tools.ledger.dead())
        if step.act is Act.WAIT:
            return self._wait(entry, step.why, self._doubted(entry))
        if step.act is Act.ORDER:
            return self._order(look, attempt)
        if step.act is Act.FAILED:
            # records up to now are of tries that have ended: the next try must not take one of them for its own
            return self._failed(replace(entry, floor=highest(look.records)), step.why, attempt)
        if step.act in _ENDS:
            return self._end(entry, _ENDS[step.act], step.why, look)
        return self._ask(getattr(tools.servers, step.act.value), step.why, attempt)

    def _doubted(self, entry: Entry) -> float:
        """Seconds since the first look after the last order."""
        now = self.context.tools.clock.monotonic()
        if self._looked_since is None or self._looked_since[0] != entry.attempts:
            self._looked_since = (entry.attempts, now)
        return now - self._looked_since[1]

    def _wait(self, entry: Entry, why: str, watched: float) -> NotYet:
        """Look again later. What takes unusually long is told, once for each reason."""
        if (overdue(entry, self.context.tools.clock.time()) or watched > OVERDUE_AFTER) and entry.reason != why:
            LOG.warning('host=%s server=%s is followed for long, and not ordered again: %s', self.context.host, self._server, why)
            self._desk.save(replace(entry, reason=why))
        return NotYet(self._poll)

    def _order(self, look: Look, attempt: dict[str, Any]) -> str | NotYet:
        """The intent is on the book before the call, and the call is never repeated: see core.book."""
        clock = self.context.tools.clock
        with self._desk.lock:
            entry = self._desk.entry(self._server)
            if entry.phase is not Phase.PENDING or not may_order(entry, self._desk.entries(), self._parallel):
                return NotYet(self._poll)
            self.context.assert_owner()
            now = clock.time()
            entry = replace(entry, phase=Phase.ORDERED, attempts=entry.attempts + 1, floor=highest(look.records), ordered_at=now,
                            answered=False, started_at=entry.started_at or now, reason='ordered')
            self._desk.save(entry)
        try:
            self.context.assert_owner()
            self.context.tools.servers.evacuate(self._server)
        except OutcomeUnknown as error:
            self._desk.save(replace(entry, reason=str(error)))
        except Refused as error:
            return self._failed(entry, str(error), attempt)
        except Unavailable as error:
            self._desk.save(replace(entry, phase=Phase.PENDING, reason=str(error)))
        else:
            self._desk.save(replace(entry, answered=True))
        return NotYet(self._poll)

    def _ask(self, call: Callable[[str], None], why: str, attempt: dict[str, Any]) -> str | NotYet:
        self.context.assert_owner()
        try:
            call(self._server)
            reason = why
        except Refused as error:
            return self._failed(self._desk.entry(self._server), str(error), attempt)
        except DriverError as error:
            reason = f'{why}; {error}'
        self._desk.save(replace(self._desk.entry(self._server), reason=reason))
        return NotYet(self._poll)

    def _failed(self, entry: Entry, why: str, attempt: dict[str, Any]) -> str:
        last = is_last(attempt)
        self._desk.save(replace(entry, phase=Phase.FAILED if last else Phase.PENDING, reason=why,
                               ended_at=self.context.tools.clock.time() if last else 0.0))
        if not last:
            raise EvacuationFailedError(why) from None
        return Phase.FAILED

    def _end(self, entry: Entry, phase: Phase, why: str, look: Look) -> str:
        server = look.servers.get(self._server)
        self._desk.save(replace(entry, phase=phase, reason=why, destination=server.host if server and phase is Phase.MOVED else '',
                               ended_at=self.context.tools.clock.time()))
        return phase


_ENDS = {Act.MOVED: Phase.MOVED, Act.SKIP: Phase.SKIPPED}


class ConcludeEvacuation(Step):
    """Is any server left on the host that is not on the book? Did any fail, and may it be tried again?"""

    def __init__(self, name: str, host: str, incident: str, servers: Sequence[str], poll: float) -> None:
        super().__init__(name, provides='outcome')
        self._host, self._incident, self._servers, self._poll = host, incident, servers, poll

    def execute(self, round: dict[str, Any]) -> dict[str, Any]:
        tools = self.context.tools
        entries = tools.book.entries(self._incident)
        failed = [entry for entry in entries if entry.phase is Phase.FAILED and entry.server in self._servers]
        if failed and not is_last(round):
            desk = self.context.desk(self._poll)
            for entry in failed:
                desk.save(replace(entry, phase=Phase.PENDING, ended_at=0.0))
            raise RecoveryFailedError(f'{len(failed)} servers could not be moved, the first: {failed[0].reason}') from None
        try:
            servers = tools.servers.on_host(self._host)
        except STALLED as error:
            return outcome(Event.WORK_STALLED, str(error))
        tools.book.add(new_entries(self._incident, self._host, servers, entries))
        entries = tools.book.entries(self._incident)
        if failed:
            LOG.warning('host=%s incident=%s %d servers could not be moved, the first: %s', self._host, self._incident, len(failed),
                        failed[0].reason)
        event = Event.SERVERS_PLACED if all(entry.ended for entry in entries) else Event.SERVERS_REMAINED
        return outcome(event, summary(entries))
