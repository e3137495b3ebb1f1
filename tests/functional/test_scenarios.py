"""Every scenario, run on the production engine, flows and database, on virtual time."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from hostha.cmd.sim_runner import Runner
from hostha.sim.scenario import load

SCENARIOS = sorted(path.parent for path in (Path(__file__).parent / 'scenarios').glob('*/scenario.yaml'))
AT_MOST = 120
"""Real seconds for one scenario."""


@pytest.fixture(autouse=True)
def _bounded() -> Iterator[None]:
    """A scenario that never ends is a failure, not a standstill."""
    def give_up(*_: object) -> None:
        raise TimeoutError(f'not at its end after {AT_MOST} s of real time')
    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(AT_MOST)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize('folder', SCENARIOS, ids=lambda folder: folder.name)
def test_scenario(folder: Path) -> None:
    with Runner(load(folder)) as runner:
        runner.run()


@pytest.mark.parametrize('folder', SCENARIOS, ids=lambda folder: folder.name)
def test_scenario_says_what_it_is_for(folder: Path) -> None:
    assert (folder / 'README.md').read_text().startswith('# ')


def test_the_same_seed_gives_the_same_time_line() -> None:
    folder = next(folder for folder in SCENARIOS if folder.name == 'rebuild_fails_once')
    lines = []
    for _ in range(2):
        with Runner(load(folder), seed=7) as runner:
            lines.append([str(line) for line in runner.run().stage.timeline])
    assert lines[0] == lines[1]
