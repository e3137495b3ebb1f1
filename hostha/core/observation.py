"""From what one network's Consul cluster reports to what is known of each host there.

Consul's words are facts about Consul, not about hosts; judge() weighs them against what was seen before (measured on Consul 1.8):
a graceful leave is no loss, but autopilot turns a *dead server* from failed into left within seconds, and an operator's force-leave
does it to any host. So only alive (or leaving) straight to left is graceful, and never for a server while that clean-up is on.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from hostha.core.model import Link, Observation


class Member(StrEnum):
    """A host's gossip status on one network."""

    ALIVE = 'alive'
    LEAVING = 'leaving'
    LEFT = 'left'
    FAILED = 'failed'


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one network's cluster reports of one host.

    member: gossip status, None if it is not on the member list. passing: the host's own health check, None if there is none.
    server: whether it is a Consul server there. answers_ping: the second opinion, None if nobody asked.
    """

    member: Member | None
    passing: bool | None
    server: bool = False
    answers_ping: bool | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """One consistent look at one network's cluster. ``readable`` False: nothing may be concluded, for the reason given.

    sightings: host -> what is reported. cleans_up: whether autopilot removes dead servers. at: monotonic seconds.
    """

    network: str
    readable: bool
    reason: str
    at: float
    sightings: Mapping[str, Sighting] = field(default_factory=dict)
    cleans_up: bool = True


@dataclass(frozen=True, slots=True)
class Memory:
    """What judge() has to know of the past of one network: the last firm word on each host, and the usual number of members."""

    last: Mapping[str, Observation] = field(default_factory=dict)
    firm: Mapping[str, Link] = field(default_factory=dict)
    usual: int = 0


def judge(reading: Reading, memory: Memory, hosts: Collection[str]) -> tuple[dict[str, Observation], Memory]:
    """What is known of each of ``hosts`` on this network now, and what to remember for the next time.

    Unknown is never down: an unreadable cluster, or one that shows less than half of its usual members, says nothing of any host.
    """
    blind = _blind(reading, memory)
    if blind:
        seen = {host: _since(Link.UNKNOWN, blind, host, reading, memory) for host in hosts}
        return seen, Memory(seen, memory.firm, memory.usual)
    seen = {host: _judge_host(host, reading, memory) for host in hosts}
    firm = dict(memory.firm) | {host: seen[host].link for host in hosts if seen[host].link is not Link.UNKNOWN}
    return seen, Memory(seen, firm, len(reading.sightings))


def _blind(reading: Reading, memory: Memory) -> str:
    if not reading.readable:
        return reading.reason
    if not reading.sightings:
        return 'the cluster shows no member at all'
    if 2 * len(reading.sightings) < memory.usual:
        return f'the cluster shows {len(reading.sightings)} of its usual {memory.usual} members'
    return ''


def _judge_host(host: str, reading: Reading, memory: Memory) -> Observation:
    link, reason = _look(reading.sightings.get(host), memory.firm.get(host), reading.cleans_up)
    return _since(link, reason, host, reading, memory)


def _since(link: Link, reason: str, host: str, reading: Reading, memory: Memory) -> Observation:
    before = memory.last.get(host)
    return Observation(link, reason, before.since if before and before.link is link else reading.at)


def _look(sighting: Sighting | None, firm: Link | None, cleans_up: bool) -> tuple[Link, str]:
    if sighting is None or (sighting.member is None and sighting.passing is None):
        return _absent(firm)
    if sighting.passing is False or sighting.member is Member.FAILED:
        if sighting.answers_ping:
            return Link.UP, 'critical in Consul, but answers a ping'
        return Link.DOWN, 'failed in Consul and silent to a ping' if sighting.answers_ping is False else 'failed in Consul'
    if sighting.member is Member.LEFT:
        return _left(sighting, firm, cleans_up)
    return Link.UP, 'leaving' if sighting.member is Member.LEAVING else 'alive'


def _absent(firm: Link | None) -> tuple[Link, str]:
    if firm is None:
        return Link.UNKNOWN, 'never seen on this network'
    if firm is Link.UP:
        return Link.UNKNOWN, 'vanished from the cluster without having failed or left'
    return firm, f'gone from the cluster; it was {firm} before'


def _left(sighting: Sighting, firm: Link | None, cleans_up: bool) -> tuple[Link, str]:
    if firm is None:
        return Link.UNKNOWN, 'left before it was ever seen alive'
    if firm is Link.DOWN:
        return Link.DOWN, 'left only after it had failed: no graceful leave'
    if sighting.server and cleans_up:
        return Link.DOWN, 'a server that was removed from the cluster: no graceful leave while autopilot cleans up'
    return Link.LEFT, 'left gracefully'
