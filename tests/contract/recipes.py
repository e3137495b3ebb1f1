"""Small flows that can be loaded again by name."""

from collections.abc import Callable
from typing import Any

from taskflow import retry, task
from taskflow.patterns import linear_flow

JOURNAL: list[str] = []
"""What was executed."""

TRAPS: dict[str, list[Callable[[], Any]]] = {}
"""Step -> what happens at its first, second, ... execution instead of nothing."""


class Step(task.Task):
    """Notes that it ran, and steps into the next trap set for it."""

    def execute(self, host: str) -> dict[str, str]:
        JOURNAL.append(self.name)
        traps = TRAPS.get(self.name, [])
        if traps:
            traps.pop(0)()
        return {'step': self.name, 'host': host}


def three_steps(host: str) -> linear_flow.Flow:
    """Three steps, with up to three tries."""
    flow = linear_flow.Flow('three', retry=retry.Times(3, name='tries', provides='attempt'))
    flow.add(*(Step(name=name, inject={'host': host}, provides=f'result of {name}') for name in ('first', 'second', 'third')))
    return flow


def broken() -> None:
    """A trap: the step fails."""
    raise RuntimeError('the step failed')


def killed() -> None:
    """A trap: the engine ends in the middle of the step, as if it had been killed."""
    raise SystemExit
