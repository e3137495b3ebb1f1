"""Looks at a host: on the way out of service, and on the way back."""

from typing import Any

from hostha.core.policy import Verdict
from hostha.core.states import Event
from hostha.flows.base import NotYet, Step, from_happening, is_last, outcome


class CheckAgainError(Exception):
    """One check of several is done; the next one is due after the pause."""


class CheckHost(Step):
    """One check of a host that some network has lost: ends early when all is well, decides on the last one."""

    waits_for = 'attempt'

    def __init__(self, name: str, host: str) -> None:
        super().__init__(name, provides='outcome')
        self._host = host

    def execute(self, attempt: dict[str, Any]) -> dict[str, Any] | NotYet:
        seen = self.context.tools.eyes.look(self._host)
        if not seen.any_down and not seen.held:
            return outcome(Event.LOSS_CLEARED, seen.words, pattern=seen.pattern)
        if not is_last(attempt):
            raise CheckAgainError(seen.words) from None
        if seen.settles_in > 0:
            return NotYet(seen.settles_in)
        return from_happening(self.context.tools.eyes.choose(self._host, seen))


class CheckReturned(Step):
    """One check of a host that is back: it has to be seen on all networks each time."""

    waits_for = 'attempt'

    def __init__(self, name: str, host: str) -> None:
        super().__init__(name, provides='returned')
        self._host = host

    def execute(self, attempt: dict[str, Any]) -> dict[str, Any]:
        seen = self.context.tools.eyes.look(self._host)
        if not seen.all_up:
            return {'fit': False, 'words': seen.words}
        if not is_last(attempt):
            raise CheckAgainError(seen.words) from None
        return {'fit': True, 'words': seen.words}


def over(seen: Verdict) -> str:
    """Why the host no longer has to be fenced, in words; '' if it has to."""
    return seen.words if seen.fence_is_off else ''


class ConfirmLoss(Step):
    """Before each further round of fencing: is the host still lost? One that no longer has to be fenced is let be."""

    waits_for = 'round'

    def __init__(self, name: str, host: str, anyway: bool) -> None:
        super().__init__(name, provides='loss')
        self._host, self._anyway = host, anyway

    def execute(self, round: dict[str, Any]) -> dict[str, Any]:
        if round['n'] == 1 or self._anyway:
            return {'over': ''}
        return {'over': over(self.context.tools.eyes.look(self._host))}
