"""What this engine sees: the networks' readings, judged by core against what was seen before."""

import threading
from collections.abc import Mapping

from hostha.core import brakes, observation, policy
from hostha.core.model import Happening, HostView
from hostha.core.policy import Verdict
from hostha.core.states import Response
from hostha.ports import Clock, Liveness, Store
from hostha.settings import Judgement


class Observer:
    """Keeps the latest view of every host. look() and choose() may be called from any worker."""

    FRESH = 1.0
    """Seconds within which several checks share one look at the networks."""

    def __init__(self, liveness: Liveness, store: Store, clock: Clock, judgement: Judgement) -> None:
        self._liveness, self._store, self._clock, self._judgement = liveness, store, clock, judgement
        self._lock = threading.RLock()
        self._memory = {network: observation.Memory() for network in judgement.networks}
        self._seen_at: dict[str, float] = {}
        self._by_network: dict[str, dict[str, observation.Observation]] = {}
        self._hosts: tuple[str, ...] = ()

    def watch(self, hosts: tuple[str, ...]) -> bool:
        """The hosts to judge from now on; returns whether they are others than before, so that a new look is due."""
        with self._lock:
            changed = hosts != self._hosts
            if changed:
                self._hosts = hosts
                self._seen_at.clear()
            return changed

    def refresh(self, max_age: float = FRESH) -> None:
        """Read the networks, unless they were read within ``max_age`` seconds, and judge."""
        readings = self._liveness.read(max_age)
        with self._lock:
            for reading in readings:
                if reading.at > self._seen_at.get(reading.network, float('-inf')):
                    self._judge(reading)

    def _judge(self, reading: observation.Reading) -> None:
        seen, memory = observation.judge(reading, self._memory[reading.network], self._hosts)
        self._by_network[reading.network], self._memory[reading.network] = seen, memory
        self._seen_at[reading.network] = reading.at

    def views(self) -> dict[str, HostView]:
        """Host -> network -> observation, of all hosts that were seen on every network: one snapshot."""
        with self._lock:
            networks = self._judgement.networks
            if not all(network in self._by_network for network in networks):
                return {}
            return {host: {network: self._by_network[network][host] for network in networks} for host in self._hosts
                    if all(host in self._by_network[network] for network in networks)}

    def verdicts(self, views: Mapping[str, HostView]) -> dict[str, Verdict]:
        """What each view says now."""
        now, judgement = self._clock.monotonic(), self._judgement
        return {host: policy.verdict(view, judgement.networks, judgement.responses, now) for host, view in views.items()}

    def look(self, host: str) -> Verdict:
        """A fresh look at one host. Of one that is not observed nothing may be concluded."""
        self.refresh()
        return self.verdicts(self.views()).get(host) or self._unseen(host)

    def _unseen(self, host: str) -> Verdict:
        pattern = '?' * len(self._judgement.networks)
        return Verdict(pattern, Response.NONE, f'{host} is not observed by this engine', f'{pattern}: not observed')

    def choose(self, host: str, seen: Verdict) -> Happening:
        """What the last check of a host makes happen, the brakes considered on one snapshot of all hosts."""
        reasons = brakes.holding(host, self._store.records(), self.verdicts(self.views()), self._judgement.limits)
        return policy.choose(seen, reasons)
