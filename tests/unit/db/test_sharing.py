"""One SQLite file or memory, many threads and processes."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from hostha.db import open_database
from hostha.settings import DatabaseSettings
from tests.unit.db.worker import work

THREADS, COUNT = 8, 12


def test_threads_and_processes_on_one_file(tmp_path) -> None:
    url = f'sqlite:///{tmp_path}/shared.sqlite'
    database = open_database(DatabaseSettings(url), lease=60)
    database.upgrade()
    command = [sys.executable, '-m', 'tests.unit.db.worker', url]
    processes = [subprocess.Popen([*command, name, str(COUNT)]) for name in ('p', 'q')]
    try:
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(lambda thread: work(database, f't{thread}', COUNT), range(THREADS)))
        assert [process.wait(timeout=60) for process in processes] == [0, 0]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    _assert_complete(database, THREADS + 2)
    database.close()


def test_threads_on_one_memory() -> None:
    database = open_database(DatabaseSettings('sqlite://'), lease=60)
    database.upgrade()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda thread: work(database, f't{thread}', COUNT), range(THREADS)))
    _assert_complete(database, THREADS)
    database.close()


@pytest.mark.parametrize('durable', [True, False])
def test_two_openings_of_one_file_see_each_other(tmp_path, durable) -> None:
    first, second = (open_database(DatabaseSettings(f'sqlite:///{tmp_path}/x.sqlite'), durable=durable) for _ in range(2))
    first.upgrade()
    work(first, 'a', 2)
    assert second.store.records() == first.store.records() != []
    first.close()
    second.close()


def test_two_memories_are_two_databases() -> None:
    first, second = (open_database(DatabaseSettings('sqlite://')) for _ in range(2))
    first.upgrade()
    second.upgrade()
    work(first, 'a', 1)
    assert second.store.records() == []


def _assert_complete(database, workers: int) -> None:
    incidents = database.history.incidents(limit=10_000)
    assert len(incidents) == workers * COUNT
    assert sum(incident.closed_at is None for incident in incidents) == workers * COUNT / 2
    assert all(len(database.book.entries(incident.id)) == 1 for incident in incidents)
