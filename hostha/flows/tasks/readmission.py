"""Taking a host back into service. What to do next is decided in core.readmission."""

from dataclasses import replace
from typing import Any

from hostha.core.book import Act, Phase, next_act
from hostha.core.readmission import LEFTOVER, ComputeService, next_step
from hostha.core.readmission import Step as Readmission
from hostha.core.states import Event
from hostha.exceptions import DriverError
from hostha.flows.base import NotYet, Step, outcome

ASK_AGAIN = 60.0
"""Seconds after which the agent on the host is asked again to start nova-compute: events may be lost."""

_ENDS = {Act.MOVED: Phase.MOVED, Act.SKIP: Phase.SKIPPED, Act.FAILED: Phase.FAILED}


class RestoreService(Step):
    """Have nova-compute started, wait until Nova has nothing left against the host, un-force it, see it up, enable it."""

    def __init__(self, name: str, host: str, incident: str, timeout: float, poll: float) -> None:
        super().__init__(name, provides='outcome')
        self._host, self._incident, self._timeout, self._poll = host, incident, timeout, poll
        self._started: float | None = None
        self._asked = float('-inf')
        self._first_beat: str | None = None

    def execute(self, returned: dict[str, Any]) -> dict[str, Any] | NotYet:
        if not returned['fit']:
            return outcome(Event.READMISSION_FAILED, returned['words'])
        now = self.context.tools.clock.monotonic()
        if self._started is None:
            self._started = now
        seen = self.context.tools.eyes.look(self._host)
        if seen.any_down:
            return outcome(Event.READMISSION_FAILED, seen.words, pattern=seen.pattern)
        try:
            step, why = self._next()
            ended = self._do(step, why)
        except DriverError as error:
            ended, why = None, str(error)
        if ended:
            return ended
        if now - self._started > self._timeout:
            return outcome(Event.READMISSION_FAILED, f'not fit for service within {self._timeout:g} s: {why}')
        return NotYet(self._poll)

    def _next(self) -> tuple[Readmission, str]:
        tools = self.context.tools
        service = next((s for s in tools.compute.services() if s.host == self._host), None)
        beating = service is not None and self._beats(service)
        self._settle()
        records, entries = tools.servers.evacuations(self._host), tools.book.entries(self._incident)
        moving = any(entry.phase is Phase.ORDERED for entry in entries)
        left = any(record.status in LEFTOVER for record in records)
        if service is not None and not moving and (not beating or left):
            self._ask_for_nova()
        return next_step(service, beating, records, entries)

    def _settle(self) -> None:
        """Note the end of servers that were still on their way: in this state nobody else follows them."""
        tools = self.context.tools
        ordered = [entry for entry in tools.book.entries(self._incident) if entry.phase is Phase.ORDERED]
        if not ordered:
            return
        doubted = tools.clock.monotonic() - (self._started or 0.0)
        records, seen = tools.servers.evacuations(self._host), tools.servers.look([entry.server for entry in ordered], self._host)
        for entry in ordered:
            server, now = seen.get(entry.server), tools.clock.time()
            step = next_act(entry, server, records, doubted, tools.ledger.dead())
            if step.act is Act.STOP:
                self.context.assert_owner()
                tools.servers.stop(entry.server)
            elif step.act in _ENDS:
                tools.book.save(replace(entry, phase=_ENDS[step.act], reason=step.why, ended_at=now,
                                        destination=server.host if server and step.act is Act.MOVED else ''))

    def _beats(self, service: ComputeService) -> bool:
        """A heartbeat is one that moved since the first look: every write of ours moves it too, but none is made before."""
        if service.up:
            return True
        if self._first_beat is None:
            self._first_beat = service.updated_at
        return service.updated_at != self._first_beat

    def _ask_for_nova(self) -> None:
        now = self.context.tools.clock.monotonic()
        if now - self._asked < ASK_AGAIN:
            return
        self.context.assert_owner()
        self._asked = now
        self.context.tools.agents.send('enable-nova', self._host, self.context.epoch)

    def _do(self, step: Readmission, why: str) -> dict[str, Any] | None:
        compute = self.context.tools.compute
        if step is Readmission.REFUSE:
            return outcome(Event.READMISSION_FAILED, why)
        if step is Readmission.UNFORCE:
            self.context.assert_owner()
            compute.unforce(self._host)
        elif step is Readmission.ENABLE:
            self.context.assert_owner()
            compute.enable(self._host)
        elif step is Readmission.DONE:
            self._close_book()
            return outcome(Event.HOST_READMITTED, why)
        return None

    def _close_book(self) -> None:
        """Servers never ordered away are still the host's own: it is back, and they with it."""
        book = self.context.tools.book
        for entry in book.entries(self._incident):
            if entry.phase is Phase.PENDING:
                book.save(replace(entry, phase=Phase.SKIPPED, ended_at=self.context.tools.clock.time(),
                                  reason='its host came back before its evacuation was ordered'))
