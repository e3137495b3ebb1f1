"""How fast flows are persisted: hostha's store against TaskFlow's own SQL backend, same flow, same SQLite settings, same run.

    python benchmarks/flow_store.py [FLOWS]

Prints flows per second, CPU per flow and the ratios. Figures depend on the machine; the ratios hardly do.
"""

import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from taskflow import engines, task
from taskflow.patterns import linear_flow
from taskflow.persistence import backends, models

from hostha.db import open_database
from hostha.db.flowstore import insert_book, insert_flow
from hostha.ports import FlowSpec
from hostha.settings import DatabaseSettings

TASKS, ROUNDS = 6, 3


class Step(task.Task):
    """Does nothing, as fast as possible."""

    def execute(self) -> int:
        return 1


def factory() -> linear_flow.Flow:
    """A flow as long as those of a typical incident."""
    return linear_flow.Flow('bench').add(*(Step(f'step-{number}', provides=f'result-{number}') for number in range(TASKS)))


def stock(directory: Path) -> Callable[[], None]:
    """TaskFlow's own backend; returns what runs one flow."""
    backend = backends.fetch({'connection': f'sqlite:///{directory}/stock.sqlite'})
    connection = backend.get_connection()
    connection.upgrade()

    def run() -> None:
        book = models.LogBook('bench')
        connection.save_logbook(book)
        engines.load_from_factory(factory, book=book, backend=backend).run()

    return run


def ours(directory: Path) -> Callable[[], None]:
    """hostha's store; returns what runs one flow."""
    database = open_database(DatabaseSettings(f'sqlite:///{directory}/ours.sqlite'))
    database.upgrade()
    count = iter(range(10**9))

    def run() -> None:
        with database.transactions.write() as connection:
            incident = f'bench.{next(count)}'
            insert_book(connection, incident)
            flow = insert_flow(connection, incident, FlowSpec('bench', 'flow_store.factory'))
        detail = database.backend.get_connection().get_flow_details(flow)
        engines.load_from_detail(detail, backend=database.backend).run()

    return run


def measure(run: Callable[[], None], flows: int) -> tuple[float, float]:
    """Flows per second, and milliseconds of CPU a flow."""
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(flows):
        run()
    return flows / (time.perf_counter() - wall), (time.process_time() - cpu) / flows * 1000


def main() -> None:
    """Measure both in turns and print the medians."""
    warnings.simplefilter('ignore')
    flows = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with tempfile.TemporaryDirectory() as directory:
        runs: dict[str, Any] = {'TaskFlow stock': stock(Path(directory)), 'hostha': ours(Path(directory))}
        figures: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
        for _ in range(ROUNDS):
            for name, run in runs.items():
                figures[name].append(measure(run, flows))
    speed = {name: statistics.median(rate for rate, _ in measured) for name, measured in figures.items()}
    cost = {name: statistics.median(cpu for _, cpu in measured) for name, measured in figures.items()}
    print(f'{TASKS} tasks a flow, {flows} flows a round, median of {ROUNDS} rounds, SQLite file')
    for name in runs:
        print(f'{name:15} {speed[name]:8.1f} flows/s {cost[name]:8.1f} ms CPU a flow')
    print(f'ratio           {speed["hostha"] / speed["TaskFlow stock"]:8.1f}x as fast, '
          f'{cost["hostha"] / cost["TaskFlow stock"]:.2f} of the CPU')


if __name__ == '__main__':
    sys.modules.setdefault('flow_store', sys.modules['__main__'])
    main()
