"""One look at one network's cluster."""

from collections.abc import Mapping

from oslo_log import log as logging

from hostha.core.observation import Reading
from hostha.drivers.consul import answers
from hostha.drivers.consul.answers import Gossip
from hostha.drivers.consul.client import Server
from hostha.drivers.consul.cluster import Cluster
from hostha.drivers.consul.ping import Pinger
from hostha.exceptions import DriverError, Unavailable
from hostha.ports import Clock

LOG = logging.getLogger(__name__)

AUTOPILOT_AGE = 300.0
"""Seconds for which autopilot's setting is taken as read: operators seldom change it."""

_Report = tuple[float, Mapping[str, bool], Mapping[str, Gossip]]


class Look:
    """Looks at one network's cluster; one call at a time. Called, it gives a Reading and raises nothing of what Consul may do wrong."""

    def __init__(self, cluster: Cluster, pinger: Pinger, clock: Clock) -> None:
        self._cluster, self._pinger, self._clock = cluster, pinger, clock
        self._cleans_up, self._cleans_up_until = True, float('-inf')
        self._readable = True

    def __call__(self) -> Reading:
        """Ask the cluster, and ping the hosts that it calls failed. Takes about one time limit a server at most, plus the ping."""
        try:
            reading = self._look()
        except DriverError as error:
            reading = Reading(self._cluster.network, False, str(error), self._clock.monotonic())
        self._log_change(reading)
        return reading

    def _look(self) -> Reading:
        at, passing, known = self._cluster.ask(self._report)
        lost = answers.failed(passing, known)
        ping = self._pinger.ping({known[host].address for host in lost if host in known})
        return Reading(self._cluster.network, True, '', at, answers.sightings(passing, known, ping), self._does_clean_up())

    def _report(self, server: Server) -> _Report:
        """What one server says: the quorum's word on the checks, and this server's own gossip. ``consistent``, since by default a leader
        that is cut off goes on for seconds to report all as well (measured)."""
        at = self._clock.monotonic()
        health = server.read('/v1/health/state/any', consistent=1)
        if not health.known_leader:
            raise Unavailable('the cluster has no leader', driver='consul', operation=f'read at {server.name}')
        return at, answers.checks(health.body), answers.gossip(server.read('/v1/agent/members').body)

    def _does_clean_up(self) -> bool:
        """Autopilot's setting; if it cannot be read, the one that lets no dead server pass for one that left."""
        if self._clock.monotonic() >= self._cleans_up_until:
            try:
                self._cleans_up = self._cluster.ask(_autopilot)
            except DriverError as error:
                self._cleans_up = True
                LOG.info('Autopilot is taken to remove dead servers: %s', error)
            self._cleans_up_until = self._clock.monotonic() + AUTOPILOT_AGE
        return self._cleans_up

    def _log_change(self, reading: Reading) -> None:
        if self._readable and not reading.readable:
            LOG.warning('The %s network cannot be judged: %s', reading.network, reading.reason)
        elif reading.readable and not self._readable:
            LOG.info('The %s network can be judged again', reading.network)
        self._readable = reading.readable


def _autopilot(server: Server) -> bool:
    return answers.cleans_up(server.read('/v1/operator/autopilot/configuration', stale=1).body)
