"""Waiting for a change in one network's cluster: Consul's blocking query, one at a time."""

import threading
from collections.abc import Callable
from functools import partial

from oslo_log import log as logging

from hostha.drivers.consul.client import Server
from hostha.drivers.consul.cluster import Cluster
from hostha.exceptions import DriverError, Unavailable

LOG = logging.getLogger(__name__)

WAIT = '10s'
"""How long Consul holds a query while nothing changes."""

PAUSE = 0.2
"""Seconds between two queries: the most that a storm of changes costs."""

PAUSE_AFTER_FAILURE = 1.0
"""Seconds before the next round when no server could answer."""


class Watch:
    """Calls ``on_change`` soon after the checks of a cluster have changed, and when it answers again after a gap; maybe for nothing.

    run() is the body of a thread. Until ``stop`` is set it never ends; after that it calls nobody.
    """

    def __init__(self, cluster: Cluster, on_change: Callable[[], None], stop: threading.Event) -> None:
        self._cluster, self._on_change, self._stop = cluster, on_change, stop

    def run(self) -> None:
        """Ask again and again, each time from the index of the last answer on."""
        index = 0
        while not self._stop.is_set():
            index = self._guarded_round(index)
            self._stop.wait(PAUSE if index else PAUSE_AFTER_FAILURE)

    def _guarded_round(self, index: int) -> int:
        try:
            return self._round(index)
        except DriverError as error:
            LOG.debug('Nothing can be waited for: %s', error)
        except Exception:
            LOG.exception('The watch of the %s network failed', self._cluster.network)
        return 0

    def _round(self, index: int) -> int:
        """The index to go on from. One that has shrunk says that the cluster's history began anew."""
        answered = self._cluster.ask(partial(_poll, index=index))
        if answered != index and not self._stop.is_set():
            self._on_change()
        return answered


def _poll(server: Server, index: int) -> int:
    """Wait at one server. ``stale``, since such a query outlives the cluster's leader, and the default one hangs (measured)."""
    answer = server.read('/v1/health/state/any', index=index, wait=WAIT, stale=1)
    if not answer.known_leader or answer.index < 1:
        raise Unavailable('the cluster has no leader', driver='consul', operation=f'watch at {server.name}')
    return answer.index
