"""One simulated Consul cluster, that of one network: who is seen there, and how late."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from hostha.core.observation import Member, Reading, Sighting
from hostha.sim.host import Host
from hostha.sim.stage import Stage
from hostha.sim.timing import Timing


class Health(StrEnum):
    """Whether the cluster can be judged by. NO_LEADER still takes events, DEAD takes nothing."""

    OK = 'ok'
    NO_LEADER = 'no_leader'
    DEAD = 'dead'


@dataclass
class _Seen:
    """A host as the cluster sees it. alive: the truth as of the last change; turn: counts its changes; since: of the present member."""

    member: Member = Member.ALIVE
    alive: bool = True
    turn: int = 0
    since: float = 0.0


class Cluster:
    """on_change is called for each change of what the cluster reports."""

    def __init__(self, stage: Stage, network: str, timing: Timing) -> None:
        self._stage, self.network, self._timing = stage, network, timing
        self.health = Health.OK
        self.cleans_up = False
        self.on_change: list[Callable[[], None]] = []
        self._seen: dict[str, _Seen] = {}

    def join(self, host: Host) -> None:
        """Make the host a member; one that cannot be heard yet is failed at once."""
        alive = host.gossips(self.network)
        self._seen[host.name] = _Seen(Member.ALIVE if alive else Member.FAILED, alive, since=self._stage.now)

    def notice(self, host: Host) -> None:
        """Gossip takes its time to see that the truth about a host has changed; a change that is undone meanwhile is never seen."""
        seen, alive = self._seen[host.name], host.gossips(self.network)
        if seen.alive == alive:
            return
        seen.alive, seen.turn = alive, seen.turn + 1
        turn = seen.turn
        delay = self._timing.rejoin if alive else self._timing.detect + self._stage.between(self._timing.skew)
        self._stage.after(delay, lambda: self._found(host, turn))

    def _found(self, host: Host, turn: int) -> None:
        seen = self._seen[host.name]
        wanted = Member.ALIVE if seen.alive else Member.FAILED
        if seen.turn != turn or seen.member is wanted or (seen.member is Member.LEFT and not seen.alive):
            return
        self._become(host, wanted)
        if wanted is Member.FAILED and host.controller and self.cleans_up:
            self._stage.after(self._stage.between(self._timing.clean_up), lambda: self._clean_up(host, turn))

    def _clean_up(self, host: Host, turn: int) -> None:
        """Autopilot turns a dead server into one that left."""
        if self._seen[host.name].turn == turn:
            self._become(host, Member.LEFT)

    def leave(self, host: Host) -> None:
        """A graceful leave: its agent is down afterwards."""
        host.gossip[self.network] = False
        seen = self._seen[host.name]
        seen.alive, seen.turn = False, seen.turn + 1
        self._become(host, Member.LEFT)

    def _become(self, host: Host, member: Member) -> None:
        seen = self._seen[host.name]
        seen.member, seen.since = member, self._stage.now
        self._stage.say(f'consul {self.network}: {host.name} {member}')
        self._tell()

    def set_health(self, health: Health) -> None:
        """Lose or regain the leader, or everything."""
        self.health = health
        self._stage.say(f'consul {self.network}: {health}')
        self._tell()

    def _tell(self) -> None:
        for callback in self.on_change:
            callback()

    def up_for(self, host: str) -> float:
        """Seconds for which the cluster, readable, has shown this host alive; 0 if it does not."""
        seen = self._seen[host]
        return self._stage.now - seen.since if seen.member is Member.ALIVE and self.health is Health.OK else 0.0

    def reading(self, at: float) -> Reading:
        """One consistent look. at: monotonic seconds."""
        if self.health is not Health.OK:
            words = 'No cluster leader' if self.health is Health.NO_LEADER else 'no server answers'
            return Reading(self.network, readable=False, reason=words, at=at, cleans_up=self.cleans_up)
        sightings = {name: self._sighting(self._stage.hosts[name], seen) for name, seen in self._seen.items()}
        return Reading(self.network, readable=True, reason='', at=at, sightings=sightings, cleans_up=self.cleans_up)

    def _sighting(self, host: Host, seen: _Seen) -> Sighting:
        passing = None if seen.member is Member.LEFT else seen.member is Member.ALIVE
        ping = host.reaches(self.network) if passing is False else None
        return Sighting(seen.member, passing, host.controller, ping)
