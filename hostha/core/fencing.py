"""Which fencing levels there are, and which lists of them can prove a host off."""

import re
from collections.abc import Iterator, Sequence

from hostha.core.model import LevelSpec
from hostha.exceptions import BadRequest

PROGRAMS = {'ipmi': 'fence_ipmilan', 'redfish': 'fence_redfish'}
"""The fence programs of the levels that have one of their own."""

POWER_LEVELS = (*PROGRAMS, 'fence_agent')
"""The levels that read the power of a host: they prove themselves, and those before them that cannot."""

LEVELS = ('consul', *POWER_LEVELS, 'operator')
"""All levels. ``consul`` asks the agent on the host, ``operator`` waits for a confirmation; neither reads any power."""

MAX_INPUT = 16384
"""Characters of all options and secrets of one level."""

_KEY = re.compile(r'[A-Za-z][A-Za-z0-9_-]{0,63}')
_PLAIN = re.compile(r'[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]*')
_AGENT = re.compile(r'fence_[A-Za-z0-9_]+')
_AGENT_PATH = re.compile(r'/(?:[^/\x00-\x1f]+/)*fence_[A-Za-z0-9_]+')

_FORBIDDEN = {
    'action': 'the action is hostha\'s to give', 'option': 'the action is hostha\'s to give',
    'missing_as_off': 'a host that the device does not know must not pass for one that is off',
    'verbose': 'it would write the secrets out', 'verbose_level': 'it would write the secrets out',
    'debug': 'it would write the secrets out', 'debug_file': 'it would write the secrets out'}

_SECRET = re.compile(r'pass(word|wd|phrase)?$|secret$|token$|^community$')

_RUNS_PROGRAMS = re.compile(r'_(script|path)$|^(exec|ssh_options|identity_file)$')


def check_levels(levels: Sequence[LevelSpec], *, trusted: bool = False) -> None:
    """Raise BadRequest, with each wrong field named as ``fencing[0].options.lanplus``, unless ``levels`` can prove a host off.

    trusted: they stand in the configuration file, whose owner may name any program; the API's callers may not.
    """
    wrong: dict[str, str] = {}
    for position, spec in enumerate(levels):
        at = f'fencing[{position}]'
        wrong.update({f'{at}.{field}': rule for field, rule in _level_rules(spec, trusted)})
        rule = _order_rule(levels, position)
        if rule:
            wrong.setdefault(f'{at}.level', rule)
    if wrong:
        raise BadRequest(f'these fencing levels cannot be used: {"; ".join(f"{field}: {rule}" for field, rule in wrong.items())}', wrong)


def program(spec: LevelSpec) -> str:
    """The fence program that a level runs; '' for one that runs none."""
    return PROGRAMS.get(spec.level) or spec.options.get('agent', '')


def prover(later: Sequence[LevelSpec]) -> LevelSpec | None:
    """The level that proves one that cannot read the power: the first of the ``later`` ones that can."""
    return next((spec for spec in later if spec.level in POWER_LEVELS), None)


def _order_rule(levels: Sequence[LevelSpec], position: int) -> str:
    level, later = levels[position].level, levels[position + 1:]
    if level == 'consul' and prover(later) is None:
        return f'a later level has to prove that the host went off: one of {", ".join(POWER_LEVELS)}'
    if level == 'operator' and later:
        return 'it has to be the last one: it waits for a person'
    if level in ('consul', 'operator') and any(spec.level == level for spec in later):
        return 'it may stand there once'
    return ''


def _level_rules(spec: LevelSpec, trusted: bool) -> Iterator[tuple[str, str]]:
    if spec.level not in LEVELS:
        yield 'level', f'there is no such level; there are: {", ".join(LEVELS)}'
    elif spec.level not in POWER_LEVELS:
        yield from ((f'{kind}.{name}', f'the level {spec.level} takes none')
                    for kind, given in (('options', spec.options), ('secrets', spec.secrets)) for name in given)
    else:
        yield from _program_rules(spec, trusted)
        yield from _input_rules(spec, trusted)


def _program_rules(spec: LevelSpec, trusted: bool) -> Iterator[tuple[str, str]]:
    agent = spec.options.get('agent', '')
    if spec.level == 'fence_agent':
        if not _AGENT.fullmatch(agent) and not (trusted and _AGENT_PATH.fullmatch(agent)):
            yield 'options.agent', 'the name of a fence program is needed, such as fence_ipmilan' + (', or its path' if trusted else '')
    elif agent:
        yield 'options.agent', f'the level {spec.level} has its own; the level for any program is fence_agent'
    elif not {'ip', 'ipaddr'} & spec.options.keys():
        yield 'options.ip', "the address of the host's BMC is needed"


def _input_rules(spec: LevelSpec, trusted: bool) -> Iterator[tuple[str, str]]:
    for kind, given in (('options', spec.options), ('secrets', spec.secrets)):
        for name, value in given.items():
            rule = _name_rule(kind, name, trusted) or _value_rule(value)
            if rule:
                yield f'{kind}.{name}', rule
    yield from ((f'secrets.{name}', 'it stands in options as well') for name in spec.secrets if name in spec.options)
    if sum(len(name) + len(value) for given in (spec.options, spec.secrets) for name, value in given.items()) > MAX_INPUT:
        yield 'options', f'options and secrets may have {MAX_INPUT} characters together'


def _name_rule(kind: str, name: str, trusted: bool) -> str:
    """Fence programs take ``-`` for ``_`` in names."""
    plain = name.replace('-', '_').lower()
    if not _KEY.fullmatch(name):
        return 'its name has to be 1 to 64 of A-Z a-z 0-9 _ -, a letter first'
    if plain in _FORBIDDEN:
        return _FORBIDDEN[plain]
    if kind == 'options' and _SECRET.search(plain):
        return 'it belongs into secrets: options are shown to whoever asks'
    if not trusted and _RUNS_PROGRAMS.search(plain):
        return 'it may be given in the configuration file only: it names a program or a file on the controllers'
    return ''


def _value_rule(value: str) -> str:
    """What fence programs cannot take, or cut off: they strip each line, and one pair of quotes around the value."""
    if not _PLAIN.fullmatch(value) or len(value) > 1024:
        return 'a text of at most 1024 characters in one line is needed'
    if value != value.strip() or (len(value) > 1 and value[0] == value[-1] == '"'):
        return 'fence programs would cut off the white space or the quotes around it'
    return ''
