"""A simulated compute host: what it truly is, whatever anybody believes."""

from dataclasses import dataclass, field
from enum import StrEnum


class Bmc(StrEnum):
    """How the host's management controller behaves when it is asked to cut the power.

    OK: off at once. SLOW: off after some time, asked for again or not. TIMEOUT: no answer, nothing done; LOST_ANSWER: done, no answer.
    REFUSE: wrong credentials. STUCK: says ok, and the host stays on.
    """

    OK = 'ok'
    SLOW = 'slow'
    TIMEOUT = 'timeout'
    LOST_ANSWER = 'lost_answer'
    REFUSE = 'refuse'
    STUCK = 'stuck'


@dataclass
class Host:
    """The truth about one host.

    networks: network -> whether its cable is in. gossip: network -> whether the Consul agent runs. room: servers that fit.
    controller: whether its Consul agents are servers. booted: the operating system runs. compute: nova-compute runs.
    compute_at_boot: nova-compute starts by itself after a boot; if not, it waits for ``enable-nova``. obeys: its own agent carries out
    fence events. powered_at: monotonic seconds of the last power-on. guests: server -> whether it runs here (False: defined, but off).
    """

    name: str
    networks: dict[str, bool]
    gossip: dict[str, bool]
    room: int = 100
    controller: bool = False
    bmc: Bmc = Bmc.OK
    power: bool = True
    booted: bool = True
    compute: bool = True
    compute_at_boot: bool = True
    obeys: bool = True
    boots: int = 1
    powered_at: float = float('-inf')
    compute_starts: int = 1
    guests: dict[str, bool] = field(default_factory=dict)
    acted_on: set[int] = field(default_factory=set)

    def reaches(self, network: str) -> bool:
        """Whether packets get through to it, and back: what a ping shows."""
        return self.power and self.booted and self.networks[network]

    def gossips(self, network: str) -> bool:
        """Whether its Consul agent can be heard."""
        return self.reaches(network) and self.gossip[network]

    @property
    def all_reached(self) -> bool:
        """Whether it is heard on every network."""
        return all(self.gossips(network) for network in self.networks)
