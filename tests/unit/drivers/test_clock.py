import threading
import time

import pytest

from hostha.drivers.clock import ScaledClock, SystemClock


class TestSystemClock:
    def test_it_is_the_machines(self) -> None:
        clock = SystemClock()
        assert abs(clock.time() - time.time()) < 1
        assert abs(clock.monotonic() - time.monotonic()) < 1

    def test_durations_go_on_over_a_restart_of_the_process(self) -> None:
        assert SystemClock().instance == SystemClock().instance != ''


class TestScaledClock:
    def test_it_starts_now_and_runs_faster(self) -> None:
        clock = ScaledClock(100)
        wall, monotonic, real = clock.time(), clock.monotonic(), time.monotonic()
        assert abs(wall - time.time()) < 5
        time.sleep(0.1)
        passed = (time.monotonic() - real) * 100
        assert clock.monotonic() - monotonic == pytest.approx(passed, rel=0.2)
        assert clock.time() - wall == pytest.approx(passed, rel=0.2)

    def test_two_of_them_cannot_be_compared(self) -> None:
        assert len({ScaledClock(2).instance, ScaledClock(2).instance, SystemClock().instance}) == 3

    def test_it_waits_by_its_own_time(self) -> None:
        clock, real = ScaledClock(50), time.monotonic()
        clock.wait(threading.Event(), 10)
        assert 0.19 < time.monotonic() - real < 1

    @pytest.mark.parametrize('speed', [0, -1])
    def test_it_does_not_stand_still(self, speed: float) -> None:
        with pytest.raises(ValueError, match='runs forward'):
            ScaledClock(speed)


@pytest.mark.parametrize('clock', [SystemClock(), ScaledClock(1)])
class TestWait:
    def test_a_wakeup_ends_it_and_is_cleared(self, clock: SystemClock) -> None:
        wakeup, real = threading.Event(), time.monotonic()
        wakeup.set()
        clock.wait(wakeup, 30)
        assert time.monotonic() - real < 5
        assert not wakeup.is_set()

    def test_a_wakeup_from_another_thread_ends_it(self, clock: SystemClock) -> None:
        wakeup, real = threading.Event(), time.monotonic()
        threading.Timer(0.1, wakeup.set).start()
        clock.wait(wakeup, float('inf'))
        assert time.monotonic() - real < 5

    @pytest.mark.parametrize('timeout', [0, -5])
    def test_no_time_is_no_wait(self, clock: SystemClock, timeout: float) -> None:
        real = time.monotonic()
        clock.wait(threading.Event(), timeout)
        assert time.monotonic() - real < 1
