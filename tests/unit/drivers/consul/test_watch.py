import threading
import time
from collections.abc import Iterator

import pytest

from hostha.drivers.consul import watch as watch_module
from hostha.drivers.consul.cluster import clusters
from hostha.drivers.consul.watch import PAUSE, Watch
from tests.beds.command import wait_until
from tests.unit.drivers.consul.fake import HANGS, FakeCluster

HEALTH = '/v1/health/state/any'


class Watcher:
    """A running watch, and how often it has called."""

    def __init__(self, cluster: FakeCluster) -> None:
        self.calls, self.error = 0, None  # type: ignore[var-annotated]
        self.stop, self._called = threading.Event(), threading.Condition()
        watch = Watch(clusters(cluster.settings(timeout=0.3))[0], self._on_change, self.stop)
        self.thread = threading.Thread(target=watch.run, daemon=True)
        self.thread.start()

    def _on_change(self) -> None:
        with self._called:
            self.calls += 1
            self._called.notify_all()
        if self.error:
            raise self.error

    def wait_for(self, calls: int, timeout: float = 5.0) -> float:
        """Wait for the n-th call; the seconds that it took."""
        began = time.monotonic()
        with self._called:
            assert self._called.wait_for(lambda: self.calls >= calls, timeout), f'called {self.calls} times, not {calls}'
        return time.monotonic() - began


@pytest.fixture
def watcher(cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Watcher]:
    monkeypatch.setattr(watch_module, 'PAUSE_AFTER_FAILURE', 0.05)
    monkeypatch.setattr(watch_module, 'WAIT', getattr(request, 'param', '1s'))
    watcher = Watcher(cluster)
    yield watcher
    watcher.stop.set()
    cluster.change()
    watcher.thread.join(15)
    assert not watcher.thread.is_alive()


def test_the_first_answer_wakes_since_something_may_have_changed_before_it(watcher: Watcher) -> None:
    watcher.wait_for(1)


def test_each_change_wakes_soon(watcher: Watcher, cluster: FakeCluster) -> None:
    for calls in (2, 3, 4):
        watcher.wait_for(calls - 1)
        cluster.change()
        assert watcher.wait_for(calls) < 1.0


@pytest.mark.parametrize('watcher', [watch_module.WAIT], indirect=True)
def test_an_idle_cluster_costs_one_stale_query_each_ten_seconds(watcher: Watcher, cluster: FakeCluster) -> None:
    watcher.wait_for(1)
    cluster.closing.wait(2)
    assert cluster.count(HEALTH) == 2
    assert cluster.requests[1].parameters == {'index': str(cluster.index), 'wait': '10s', 'stale': '1'}
    assert watcher.calls == 1


def test_a_storm_of_changes_is_limited(watcher: Watcher, cluster: FakeCluster) -> None:
    watcher.wait_for(1)
    for _ in range(50):
        cluster.change()
        cluster.closing.wait(0.01)
    watcher.wait_for(2)
    assert watcher.calls <= 2 + 1.5 / PAUSE


def test_an_index_that_shrinks_is_a_change_and_is_taken_over(watcher: Watcher, cluster: FakeCluster) -> None:
    watcher.wait_for(1)
    cluster.change(index=3)
    watcher.wait_for(2)
    cluster.change()
    watcher.wait_for(3)
    assert cluster.requests[-1].parameters['index'] in ('3', '4')


@pytest.mark.parametrize('fault', [HANGS, 'no leader', 'weak token', 'other service', 'isolated', 'bad index'])
def test_a_change_that_nobody_could_tell_wakes_with_the_first_answer_after_it(watcher: Watcher, cluster: FakeCluster, fault: str) -> None:
    watcher.wait_for(1)
    cluster.fail(fault)
    cluster.closing.wait(1.5)  # the query that was under way has ended, too
    cluster.change()
    assert watcher.calls == 1
    cluster.fail('')
    watcher.wait_for(2)


def test_another_server_takes_over(watcher: Watcher, cluster: FakeCluster) -> None:
    watcher.wait_for(1)
    cluster.servers[0].close()
    cluster.change()
    watcher.wait_for(2)
    cluster.closing.wait(0.5)
    calls = watcher.calls
    cluster.change()
    assert watcher.wait_for(calls + 1) < 1.0


def test_an_error_of_the_listener_does_not_end_the_watch(watcher: Watcher, cluster: FakeCluster, caplog: pytest.LogCaptureFixture) -> None:
    watcher.wait_for(1)
    watcher.error = RuntimeError('a bug')
    cluster.change()
    watcher.wait_for(2)
    watcher.error = None
    watcher.wait_for(3)
    assert 'a bug' in caplog.text


def test_after_stop_nobody_is_called(watcher: Watcher, cluster: FakeCluster) -> None:
    wait_until(lambda: cluster.count(HEALTH) == 2, 'a query is under way', timeout=5)
    watcher.stop.set()
    cluster.change()
    watcher.thread.join(5)
    assert watcher.calls == 1
