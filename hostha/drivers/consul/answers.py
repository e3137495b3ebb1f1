"""What the answers of Consul's HTTP API say. Pure; each function raises Unavailable for an answer that is not of the documented form."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from hostha.core.observation import Member, Sighting
from hostha.exceptions import Unavailable

T = TypeVar('T')

HOST_CHECK = 'serfHealth'
"""The check by which Consul itself says whether it sees a node; checks of services and the maintenance mode share its list."""

_MEMBERS = {1: Member.ALIVE, 2: Member.LEAVING, 3: Member.LEFT, 4: Member.FAILED}
_PASSING = {'passing': True, 'critical': False}
_SERVER_ROLE = 'consul'


@dataclass(frozen=True, slots=True)
class Gossip:
    """What one server's gossip knows of one host."""

    member: Member
    server: bool
    address: str


def checks(body: Any) -> dict[str, bool]:
    """Host -> whether its own check passes, from ``/v1/health/state/any``."""
    with _documented('health'):
        return {_typed(check['Node'], str): _PASSING[check['Status']] for check in _typed(body, list) if check['CheckID'] == HOST_CHECK}


def gossip(body: Any) -> dict[str, Gossip]:
    """Host -> what gossip knows of it, from ``/v1/agent/members``."""
    with _documented('member list'):
        return {_typed(member['Name'], str): _gossip(member) for member in _typed(body, list)}


def cleans_up(body: Any) -> bool:
    """Whether autopilot removes dead servers, from ``/v1/operator/autopilot/configuration``."""
    with _documented('autopilot'):
        return _typed(body['CleanupDeadServers'], bool)


def failed(passing: Mapping[str, bool], known: Mapping[str, Gossip]) -> set[str]:
    """The hosts that the check or the gossip calls failed."""
    return {host for host, passes in passing.items() if not passes} | {
        host for host, seen in known.items() if seen.member is Member.FAILED}


def sightings(passing: Mapping[str, bool], known: Mapping[str, Gossip], ping: Mapping[str, bool]) -> dict[str, Sighting]:
    """All that is reported, host by host. ``ping``: address -> whether it answered, of those that were pinged."""
    return {host: _sighting(passing.get(host), known.get(host), ping) for host in sorted({*passing, *known})}


def _sighting(passes: bool | None, seen: Gossip | None, ping: Mapping[str, bool]) -> Sighting:
    if seen is None:
        return Sighting(None, passes)
    return Sighting(seen.member, passes, seen.server, ping.get(seen.address))


@contextmanager
def _documented(what: str) -> Iterator[None]:
    try:
        yield
    except (KeyError, TypeError, AttributeError) as error:
        raise Unavailable(f'not an answer of Consul: {error!r}', driver='consul', operation=what) from error


def _gossip(member: Any) -> Gossip:
    return Gossip(_MEMBERS[member['Status']], member['Tags']['role'] == _SERVER_ROLE, _typed(member['Addr'], str))


def _typed(value: Any, kind: type[T]) -> T:
    if not isinstance(value, kind):
        raise TypeError(f'{type(value).__name__} instead of {kind.__name__}')
    return value
