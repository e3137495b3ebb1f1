"""From what is observed to what it calls for: the verdict on a pattern, the response table and the choice of an event.

A *pattern* is one letter a network, in the order of model.NETWORKS: 1 up, 0 down, ? unknown, L left. Unknown and left count as up
when the response is looked up; when two or more networks are unknown or left, everything is held.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hostha.core.model import Happening, HostView, Link
from hostha.core.states import Event, Response
from hostha.exceptions import ConfigError

SKEW = 4.0
"""Seconds within which the networks of one dead host turn critical (3.5 measured with Consul 1.8): a network that is down for less
than this may not be the last one to be lost."""

RESPONSES_3: Mapping[str, Response] = {
    '111': Response.NONE, '110': Response.FENCE, '101': Response.WITHDRAW, '100': Response.FENCE,
    '011': Response.NOTIFY, '010': Response.FENCE, '001': Response.FENCE, '000': Response.FENCE}
RESPONSES_2: Mapping[str, Response] = {
    '11': Response.NONE, '10': Response.WITHDRAW, '01': Response.NOTIFY, '00': Response.FENCE}

_LETTERS = {Link.UP: '1', Link.DOWN: '0', Link.UNKNOWN: '?', Link.LEFT: 'L'}
_EVENTS = {Response.NONE: Event.LOSS_CLEARED, Response.NOTIFY: Event.NOTIFY_CHOSEN,
           Response.WITHDRAW: Event.WITHDRAW_CHOSEN, Response.FENCE: Event.FENCE_CHOSEN}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one look at a host says.

    pattern: see above. response: what the pattern calls for. held: why no response may be chosen now, or ''.
    settles_in: seconds after which a pattern that is still changing may be judged, if it stays; 0 for one that is not.
    """

    pattern: str
    response: Response
    held: str
    words: str
    settles_in: float = 0.0

    @property
    def any_down(self) -> bool:
        """Whether at least one network is down."""
        return '0' in self.pattern

    @property
    def fence_is_off(self) -> bool:
        """Whether it is certain that this look no longer calls for a fence."""
        return not self.held and self.response is not Response.FENCE

    @property
    def all_up(self) -> bool:
        """Whether the host is seen, on every network."""
        return set(self.pattern) == {'1'}


def response_table(networks: int, overrides: Mapping[str, str] | None = None) -> dict[str, Response]:
    """The responses of a cloud with two or three networks, the operator's own ones laid over the default.

    Raises ConfigError if a pattern or a response does not exist, or if a host with all networks up would not be left alone.
    """
    table = dict(RESPONSES_3 if networks == 3 else RESPONSES_2)
    for pattern, response in (overrides or {}).items():
        if pattern not in table:
            raise ConfigError('responses', pattern, f'no such pattern; patterns of this cloud: {" ".join(sorted(table))}')
        if response not in list(Response):
            raise ConfigError('responses', f'{pattern}:{response}', f'no such response; responses: {" ".join(Response)}')
        table[pattern] = Response(response)
    healthy = '1' * networks
    if table[healthy] is not Response.NONE:
        raise ConfigError('responses', f'{healthy}:{table[healthy]}', 'a host with all networks up is left alone')
    return table


def verdict(view: HostView, networks: Sequence[str], responses: Mapping[str, Response], now: float) -> Verdict:
    """Judge one look at a host. ``now``: monotonic seconds, of the same clock as the observations' ``since``."""
    pattern = ''.join(_LETTERS[view[network].link] for network in networks)
    unseen = [network for network in networks if view[network].link in (Link.UNKNOWN, Link.LEFT)]
    fresh = [network for network in networks if view[network].link is Link.DOWN and now - view[network].since < SKEW]
    held = ''
    if len(unseen) >= 2:
        held = f'{len(unseen)} of {len(networks)} networks cannot be judged: {_words(view, unseen)}'
    elif fresh:
        held = f'still changing: {" and ".join(fresh)} turned down less than {SKEW:g} s ago'
    words = f'{pattern}: {_words(view, [n for n in networks if view[n].link is not Link.UP]) or "all networks up"}'
    settles_in = max((SKEW - (now - view[network].since) for network in fresh), default=0.0) if len(unseen) < 2 else 0.0
    return Verdict(pattern, responses[pattern.replace('?', '1').replace('L', '1')], held, words, settles_in)


def _words(view: HostView, networks: Sequence[str]) -> str:
    return '; '.join(f'{network} {view[network].link} ({view[network].reason})' for network in networks)


def choose(seen: Verdict, brakes: Sequence[str]) -> Happening:
    """What the verdict of the last check makes happen. ``brakes``: the reasons, if any, not to act now.

    Only a fence is braked: to tell the operator, or to give a host no new servers, harms nobody.
    """
    if not seen.any_down and not seen.held:
        return Happening(Event.LOSS_CLEARED, seen.words, pattern=seen.pattern)
    if seen.held:
        return Happening(Event.VERDICT_WITHHELD, seen.held, pattern=seen.pattern)
    if seen.response is Response.FENCE and brakes:
        return Happening(Event.VERDICT_WITHHELD, f'{seen.words}; held by: {"; ".join(brakes)}', pattern=seen.pattern)
    return Happening(_EVENTS[seen.response], seen.words, pattern=seen.pattern)
