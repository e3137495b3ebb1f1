"""How long things take in the simulated world, in seconds; pairs are bounds of a uniform draw. The defaults were measured."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """detect: from the loss of a host to critical in Consul; skew: added to it, drawn for each network apart. rejoin: from back to passing.
    clean_up: from failed to left, for a Consul server. event: delivery of a Consul event. boot: from power to a running system.
    fence_by_agent: from a fence event to power off. bmc_slow: of a slow BMC. heartbeat, service_down: Nova's report interval and patience.
    schedule, rebuild: the two parts of an evacuation. compute_start: until a started nova-compute has cleaned up.
    stop: of a server by its nova-compute; short_run: how long a stopped server runs on its new host before Nova stops it again.
    """

    detect: float = 2.4
    skew: tuple[float, float] = (0.0, 3.5)
    rejoin: float = 0.3
    clean_up: tuple[float, float] = (1.4, 4.6)
    event: float = 0.2
    boot: float = 40.0
    fence_by_agent: float = 2.0
    bmc_slow: float = 20.0
    heartbeat: float = 10.0
    service_down: float = 60.0
    schedule: tuple[float, float] = (0.3, 1.5)
    rebuild: tuple[float, float] = (3.0, 12.0)
    compute_start: tuple[float, float] = (2.0, 15.0)
    stop: float = 2.0
    short_run: float = 0.2
