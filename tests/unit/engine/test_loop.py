"""The loop of the driver thread."""

import threading
import time

from hostha.engine.loop import Loop, Workers
from tests.unit.fakes import ManualClock


def test_work_runs_in_order_and_when_it_is_due():
    clock, done = ManualClock(0.0), []
    loop = Loop(clock)
    loop.after(5, lambda: done.append('late'))
    loop.after(2, lambda: done.append('early'))
    loop.soon(lambda: done.append('now'))
    assert loop.run_once() == 2.0
    assert done == ['now']
    clock.now = 5.0
    assert loop.run_once() is None
    assert done == ['now', 'early', 'late']


def test_what_is_due_goes_first_then_what_is_urgent():
    clock, done = ManualClock(0.0), []
    loop = Loop(clock)
    loop.soon(lambda: done.append('ready'))
    loop.soon(lambda: done.append('urgent'), urgent=True)
    loop.at(0.0, lambda: done.append('due'))
    loop.run_once()
    assert done == ['due', 'urgent', 'ready']


def test_work_that_fails_does_not_stop_the_rest():
    done, loop = [], Loop(ManualClock())
    loop.soon(lambda: 1 / 0)
    loop.soon(lambda: done.append('next'))
    loop.run_once()
    assert done == ['next']


def test_every_goes_on_after_a_failure():
    clock, calls = ManualClock(0.0), []

    def work():
        calls.append(clock.now)
        raise RuntimeError

    loop = Loop(clock)
    loop.every(3, work)
    for _ in range(3):
        loop.run_once()
        clock.now += 3
    assert calls == [0.0, 3.0, 6.0]


def test_run_waits_on_its_clock_and_ends_when_stopped():
    clock = ManualClock(0.0)
    loop = Loop(clock)
    loop.after(1000, loop.stop)
    loop.run()
    assert clock.now == 1000.0


def test_inline_workers_run_in_the_loop():
    loop, threads = Loop(ManualClock()), []
    Workers(loop, 4, inline=True).submit(lambda: threads.append(threading.current_thread()))
    assert threads == []
    loop.run_once()
    assert threads == [threading.main_thread()]


def test_workers_run_side_by_side_and_survive_a_failure():
    loop = Loop(ManualClock())
    workers, barrier = Workers(loop, 2), threading.Barrier(3)
    workers.submit(lambda: 1 / 0)
    for _ in range(2):
        workers.submit(lambda: barrier.wait(10))
    barrier.wait(10)
    began = time.monotonic()
    workers.stop()
    assert time.monotonic() - began < 10
