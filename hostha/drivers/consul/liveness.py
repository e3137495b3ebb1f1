"""What Consul reports of the hosts: a ports.Liveness."""

import threading
import time
from collections.abc import Callable, Sequence

from hostha.core.observation import Reading
from hostha.drivers.consul.cluster import clusters
from hostha.drivers.consul.look import Look
from hostha.drivers.consul.ping import Pinger
from hostha.drivers.consul.shared_look import SharedLook
from hostha.drivers.consul.watch import Watch
from hostha.ports import Clock
from hostha.settings import ConsulSettings

SECOND_CHANCE = 1.0
"""Seconds beyond one time limit, for the second server to answer after the first has let it pass."""


class ConsulLiveness:
    """The clusters of all networks: for each a long poll, to be woken by, and one consistent read at a time, to judge by.

    ``read`` ends within one time limit and a second; later calls wait no longer than half a second for a network that stays unreadable,
    while the look at it goes on.
    """

    def __init__(self, settings: ConsulSettings, clock: Clock, pinger: Pinger) -> None:
        self._clusters = clusters(settings)
        self.networks: Sequence[str] = tuple(settings.servers)
        self._looks = [SharedLook(cluster.network, Look(cluster, pinger, clock), clock, settings.timeout + SECOND_CHANCE)
                       for cluster in self._clusters]
        self._stop = threading.Event()
        self._timeout = settings.timeout
        self._threads: list[threading.Thread] = []

    def start(self, on_change: Callable[[], None]) -> None:
        """Begin to watch: one thread a network. To be called once."""
        for cluster in self._clusters:
            watch = Watch(cluster, on_change, self._stop)
            thread = threading.Thread(target=watch.run, name=f'consul-watch-{cluster.network}', daemon=True)
            thread.start()
            self._threads.append(thread)

    def read(self, max_age: float) -> Sequence[Reading]:
        """One reading a network; all networks are read at once."""
        began = time.monotonic()
        futures = [look.begin(max_age) for look in self._looks]
        return [look.end(future, began) for look, future in zip(self._looks, futures, strict=True)]

    def stop(self) -> None:
        """End the watch. A query that Consul still holds after one time limit ends by itself, and wakes nobody any more."""
        self._stop.set()
        deadline = time.monotonic() + self._timeout
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
