"""The parents of all tasks and retry controllers of hostha."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from taskflow import retry, task

from hostha.core.model import Happening, Proof
from hostha.core.states import Event
from hostha.flows.context import Context


class NotYet:
    """Returned by a task that has nothing to say yet: it is asked again after ``seconds``, without a thread, a retry or a write."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds


class Step(task.Task):
    """A task of hostha. ``context`` is set by the engine before the flow runs; ``waits_for`` names the argument, if any, that bears the
    attempt of a retry controller whose pause this task sits out."""

    context: Context
    waits_for = ''

    def __init__(self, name: str, **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)

    def start_delay(self, arguments: Mapping[str, Any]) -> float:
        """Seconds that this task has to be held back from now."""
        attempt = arguments.get(self.waits_for)
        return remaining_pause(attempt, self.context) if attempt else 0.0


class PausedRetry(retry.Times):
    """Up to ``attempts`` tries with a pause before each but the first.

    pause: seconds before the second try. growth: factor by which it grows with each further one (1: constant, 2: doubling).
    Provides the attempt: its number ``n`` of ``of`` and when it is due. That is persisted, so that a crash neither loses an attempt nor
    starts a wait anew; the due time on the monotonic clock counts while the same process runs, wall time only after a restart.
    """

    context: Context
    MOST = 600.0

    def __init__(self, name: str, attempts: int, pause: float = 0.0, growth: float = 1.0, provides: str = 'attempt') -> None:
        super().__init__(attempts, name=name, provides=provides)
        self._pause, self._growth = pause, growth

    def execute(self, history: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:  # noqa: ARG002
        n = len(history) + 1
        pause = min(self._pause * self._growth ** (n - 2), self.MOST) if n > 1 else 0.0
        clock = self.context.tools.clock
        return {'n': n, 'of': self._attempts, 'pause': pause, 'due': clock.monotonic() + pause,
                'not_before': clock.time() + pause, 'clock': clock.instance}


def is_last(attempt: Mapping[str, Any]) -> bool:
    """Whether no further try will follow: then a task returns what it has instead of raising."""
    return bool(attempt['n'] >= attempt['of'])


def remaining_pause(attempt: Mapping[str, Any], context: Context) -> float:
    """Seconds until this attempt is due; never more than its whole pause, whatever the wall clock did."""
    clock = context.tools.clock
    left = attempt['due'] - clock.monotonic() if attempt['clock'] == clock.instance else attempt['not_before'] - clock.time()
    return float(min(max(left, 0.0), attempt['pause']))


def outcome(event: Event, reason: str, *, pattern: str = '', proof: Proof | None = None) -> dict[str, Any]:
    """An outcome as it is persisted: plain JSON."""
    return {'event': str(event), 'reason': reason, 'pattern': pattern, 'proof': asdict(proof) if proof else None}


def from_happening(happening: Happening) -> dict[str, Any]:
    """The persisted form of a happening that is the outcome of a flow."""
    return outcome(happening.event, happening.reason, pattern=happening.pattern, proof=happening.proof)


def to_happening(result: Mapping[str, Any], epoch: int, flow: str) -> Happening:
    """What a persisted outcome tells the machine, bearing the epoch and the flow that it comes from."""
    proof = Proof(**result['proof']) if result.get('proof') else None
    return Happening(Event(result['event']), result['reason'], epoch=epoch, flow=flow, pattern=result.get('pattern', ''), proof=proof)
