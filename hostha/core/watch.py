"""Which event, if any, an observation is for a host in its present state."""

from hostha.core.model import Happening, HostRecord, HostView, Link
from hostha.core.policy import Verdict
from hostha.core.states import Event, Response, State

LIFE_SIGN_GRACE = 30.0
"""Seconds for which a host that was just proven off may still be reported as up: gossip needs 11 s at most (measured)."""

_VOIDABLE = (State.FENCED, State.EVACUATING, State.ERROR)
_QUIET = (Response.NOTIFY, Response.WITHDRAW)


def noticed(record: HostRecord, view: HostView, seen: Verdict, now: float) -> Happening | None:
    """The event that this look at the host is, or None. ``now``: wall time in seconds."""
    # without a proof a recovered host is one that came back: servers may be on it
    unproven = record.state is State.RECOVERED and record.proof is None
    if (record.state is State.ACTIVE or unproven) and seen.any_down:
        return Happening(Event.LOSS_SEEN, seen.words, pattern=seen.pattern)
    if record.state is State.ISOLATED and record.response in _QUIET and _differs(record, seen):
        return Happening(Event.LOSS_CHANGED, f'was {record.pattern}, is {seen.words}', pattern=seen.pattern)
    if record.state in _VOIDABLE and record.proof and _alive(view, now - record.proof.at):
        return Happening(Event.LIFE_SEEN, f'seen alive after it was proven off: {seen.words}', pattern=seen.pattern)
    if record.state is State.RECOVERED and record.flow is None and seen.all_up:
        return Happening(Event.HOST_RETURNED, seen.words, pattern=seen.pattern)
    return None


def undecided(happening: Happening, view: HostView | None, now: float) -> bool:
    """Whether an operator's word that a host is off has to wait: the host is still seen, as a dead one may be for a while."""
    if happening.event is not Event.OFF_CONFIRMED or happening.proof is None or view is None:
        return False
    return abs(now - happening.proof.at) <= LIFE_SIGN_GRACE and any(seen.link is Link.UP for seen in view.values())


def disproven(happening: Happening, view: HostView | None, now: float) -> str:
    """Why an operator's word that a host is off cannot be taken, in words; '' if it can. ``now``: wall seconds."""
    if happening.event is not Event.OFF_CONFIRMED or happening.proof is None or view is None:
        return ''
    if not _alive(view, now - happening.proof.at):
        return ''
    up = [network for network, observation in view.items() if observation.link is Link.UP]
    return f'it is still seen on: {", ".join(up)}'


def _differs(record: HostRecord, seen: Verdict) -> bool:
    """A network that cannot be judged is no change: only one that is known to be up or down is."""
    return any(is_ != was and is_ in '01' for is_, was in zip(seen.pattern, record.pattern, strict=False))


def _alive(view: HostView, since_proof: float) -> bool:
    """A host that answers on some network long after it was proven off is not off.

    Consul goes on to report a dead host as up for some seconds, hence the grace.
    """
    return abs(since_proof) > LIFE_SIGN_GRACE and any(observation.link is Link.UP for observation in view.values())
