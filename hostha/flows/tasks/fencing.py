"""Making sure that a host is off. Nothing here is ever reverted: a host is not switched on again by hostha."""

from typing import Any

from hostha.core.model import Power, Proof
from hostha.core.states import Event
from hostha.exceptions import DriverError, OutcomeUnknown
from hostha.flows.base import NotYet, Step, is_last, outcome
from hostha.flows.tasks.checks import over
from hostha.ports import FenceOrder


class LevelFailedError(Exception):
    """One fencing level brought no proof; the next one follows."""


class NoProofError(Exception):
    """One round over all levels brought no proof; the next one follows."""


class PowerOffHost(Step):
    """One fencing level: ask for the host to be off, then look at its power until it is, or until the time is up.

    Executed again after a crash it asks for the power first: a host that is read back as off is not fenced twice. And it looks at the
    host right before it orders: one that has come back meanwhile is let be, unless it has to be off ``anyway``.
    """

    def __init__(self, name: str, host: str, timeout: float, poll: float, anyway: bool) -> None:
        super().__init__(name, provides='fencing')
        self._host, self._timeout, self._poll, self._anyway = host, timeout, poll, anyway
        self._asked: tuple[int, float, str] | None = None

    def execute(self, loss: dict[str, Any], level: dict[str, Any]) -> dict[str, Any] | NotYet:
        levels = self.context.tools.ledger.levels(self._host)
        if loss['over'] or level['n'] > len(levels):
            return {'proof': None, 'over': loss['over'], 'words': loss['over'] or 'no fencing level was left to try'}
        spec = levels[level['n'] - 1]
        order = FenceOrder(self._host, self.context.epoch, self.context.incident, spec, tuple(levels[level['n']:]))
        fencer = self.context.tools.fencers[spec.level]
        if fencer.power(order) is Power.OFF:
            evidence = f'{fencer.describe(order)}: read back as off'
            return {'proof': {'level': spec.level, 'evidence': evidence, 'at': self.context.tools.clock.time()}, 'over': '',
                    'words': evidence}
        return self._ask_or_wait(fencer, order, level)

    def _ask_or_wait(self, fencer: Any, order: FenceOrder, level: dict[str, Any]) -> dict[str, Any] | NotYet:
        now = self.context.tools.clock.monotonic()
        if self._asked is None or self._asked[0] != level['n']:
            well = '' if self._anyway else over(self.context.tools.eyes.look(self._host))
            if well:
                return {'proof': None, 'over': well, 'words': well}
            try:
                self.context.assert_owner()
                fencer.off(order)
                self._asked = (level['n'], now + self._timeout, 'asked')
            except OutcomeUnknown as error:
                self._asked = (level['n'], now + self._timeout, str(error))
            except DriverError as error:
                return self._give_up(level, order, str(error))
            return NotYet(self._poll)
        if now < self._asked[1]:
            return NotYet(self._poll)
        return self._give_up(level, order, f'{self._asked[2]}, not read back as off within {self._timeout:g} s')

    def _give_up(self, level: dict[str, Any], order: FenceOrder, why: str) -> dict[str, Any]:
        self._asked = None
        words = f'level {order.spec.level}: {why}'
        if not is_last(level):
            raise LevelFailedError(words) from None
        return {'proof': None, 'over': '', 'words': words}


class ConcludeFencing(Step):
    """A proof, or another round, or an end without one."""

    def __init__(self, name: str) -> None:
        super().__init__(name, provides='outcome')

    def execute(self, fencing: dict[str, Any], round: dict[str, Any]) -> dict[str, Any]:
        if fencing['proof']:
            return outcome(Event.HOST_FENCED, fencing['words'], proof=Proof(**fencing['proof']))
        if fencing['over']:
            return outcome(Event.LOSS_CHANGED, fencing['over'])
        if not is_last(round):
            raise NoProofError(fencing['words']) from None
        return outcome(Event.FENCING_FAILED, f'no proof that the host is off after {round["n"]} rounds; last: {fencing["words"]}')
