import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from hostha.core.observation import Reading
from hostha.drivers.clock import SystemClock
from hostha.drivers.consul.shared_look import SHORT_PATIENCE, SharedLook


class Looks:
    """Looks that take as long as the test lets them. began: how many have begun."""

    def __init__(self) -> None:
        self.began, self.readable, self.error = 0, True, None  # type: ignore[var-annotated]
        self.go, self.begun = threading.Event(), threading.Semaphore(0)
        self.go.set()

    def __call__(self) -> Reading:
        self.began += 1
        number = self.began
        self.begun.release()
        assert self.go.wait(10)
        if self.error:
            raise self.error
        return Reading('tenant', self.readable, f'look {number}', time.monotonic())


@pytest.fixture
def looks() -> Iterator[Looks]:
    looks = Looks()
    yield looks
    looks.go.set()


def shared(looks: Looks, patience: float = 5.0) -> SharedLook:
    return SharedLook('tenant', looks, SystemClock(), patience)


def reading(look: SharedLook, max_age: float = 0.0) -> Reading:
    began = time.monotonic()
    return look.end(look.begin(max_age), began)


def test_a_look_that_is_young_enough_is_shared(looks: Looks) -> None:
    look = shared(looks)
    assert [reading(look, 60).reason, reading(look, 60).reason] == ['look 1', 'look 1']


def test_a_look_that_is_too_old_is_not(looks: Looks) -> None:
    look = shared(looks)
    assert [reading(look).reason, reading(look).reason] == ['look 1', 'look 2']


def test_callers_at_once_share_one_look(looks: Looks) -> None:
    look = shared(looks)
    looks.go.clear()
    futures = [look.begin(60) for _ in range(8)]
    looks.go.set()
    assert {future.result(5).reason for future in futures} == {'look 1'}


def test_who_needs_a_newer_look_than_the_one_under_way_shares_the_next(looks: Looks) -> None:
    look = shared(looks)
    looks.go.clear()
    first = look.begin(0)
    assert looks.begun.acquire(timeout=5)
    later = [look.begin(0) for _ in range(8)]
    looks.go.set()
    assert first.result(5).reason == 'look 1'
    assert {future.result(5).reason for future in later} == {'look 2'}
    assert looks.began == 2


def test_many_callers_for_long(looks: Looks) -> None:
    look = shared(looks)
    with ThreadPoolExecutor(8) as pool:
        reasons = list(pool.map(lambda _: reading(look).reason, range(200)))
    assert all(reason.startswith('look') for reason in reasons)
    assert looks.began <= 200


def test_a_look_that_lasts_too_long_says_nothing_and_goes_on(looks: Looks) -> None:
    look = shared(looks, patience=0.2)
    looks.go.clear()
    lasting = look.begin(0)
    assert look.end(lasting, time.monotonic()).reason == 'no answer within 0.2 s'
    looks.go.set()
    assert lasting.result(5).readable


def test_nobody_waits_long_for_a_network_that_stays_unreadable(looks: Looks) -> None:
    look = shared(looks, patience=60)
    looks.readable = False
    assert not reading(look).readable
    looks.go.clear()
    began = time.monotonic()
    assert not reading(look).readable
    assert time.monotonic() - began < SHORT_PATIENCE + 1


def test_patience_comes_back_with_the_first_look_that_succeeds_even_if_nobody_waited_for_it(looks: Looks) -> None:
    look = shared(looks, patience=5)
    looks.readable = False
    reading(look)
    looks.readable = True
    looks.go.clear()
    slow = look.begin(0)
    assert not look.end(slow, time.monotonic()).readable
    looks.go.set()
    assert slow.result(5).readable
    looks.go.clear()
    threading.Timer(SHORT_PATIENCE + 0.3, looks.go.set).start()
    assert reading(look).readable


def test_a_look_that_breaks_is_told_and_the_next_one_works(looks: Looks, caplog: pytest.LogCaptureFixture) -> None:
    look = shared(looks)
    looks.error = RuntimeError('a bug')
    assert reading(look).reason == "internal error: RuntimeError('a bug')"
    assert 'a bug' in caplog.text
    looks.error = None
    assert reading(look).readable
