"""What Nova is told about a host."""

from typing import Any

from hostha.core.book import new_entries
from hostha.core.readmission import OUR_MARK
from hostha.core.states import Event
from hostha.exceptions import OutcomeUnknown, Unavailable
from hostha.flows.base import Step, outcome

STALLED = (Unavailable, OutcomeUnknown)
"""What an outside system that does not answer raises. The calls here are idempotent, so an unknown outcome is tried again as well."""


class StopScheduling(Step):
    """Nova gives the host no new servers."""

    def __init__(self, name: str, host: str, incident: str) -> None:
        super().__init__(name, provides='outcome')
        self._host, self._incident = host, incident

    def execute(self) -> dict[str, Any]:
        self.context.assert_owner()
        try:
            self.context.tools.compute.stop_scheduling(self._host, f'{OUR_MARK} incident {self._incident}')
        except STALLED as error:
            return outcome(Event.WORK_STALLED, str(error))
        return outcome(Event.HOST_WITHDRAWN, 'Nova gives the host no new servers')


class MarkDown(Step):
    """Nova regards the host as down. The host is proven off."""

    def __init__(self, name: str, host: str, incident: str) -> None:
        super().__init__(name, provides='marked')
        self._host, self._incident = host, incident

    def execute(self) -> dict[str, Any]:
        self.context.assert_owner()
        try:
            self.context.tools.compute.mark_down(self._host, f'{OUR_MARK} incident {self._incident}')
        except STALLED as error:
            return {'stalled': str(error)}
        return {'stalled': ''}


class RecordServers(Step):
    """Put every server of the host on the book, with its state before anything was done to it."""

    def __init__(self, name: str, host: str, incident: str) -> None:
        super().__init__(name, provides='outcome')
        self._host, self._incident = host, incident

    def execute(self, marked: dict[str, Any]) -> dict[str, Any]:
        if marked['stalled']:
            return outcome(Event.WORK_STALLED, marked['stalled'])
        tools = self.context.tools
        try:
            servers = tools.servers.on_host(self._host)
        except STALLED as error:
            return outcome(Event.WORK_STALLED, str(error))
        fresh = new_entries(self._incident, self._host, servers, tools.book.entries(self._incident))
        tools.book.add(fresh)
        return outcome(Event.HOST_MARKED_DOWN, f'{len(servers)} servers are on the host, {len(fresh)} of them new on the book')
