"""A scenario: a world, what happens in it, and what is expected of hostha. Read strictly from a folder's ``scenario.yaml``.

    title: one line
    until: 200                  seconds; the end
    engines: 1                  how many are started at the beginning
    settings: {check_interval: 5}        of Judgement, Limits, Recovery and EngineSettings; levels: [ipmi]
    timing: {boot: 30}          of sim.timing.Timing
    hosts: {compute-1: {servers: {active: 3, stopped: 1}, room: 10, bmc: stuck}}
    timeline:
    - {at: 20, power_off: compute-1}
    - {at: 30, link_down: [compute-2, storage]}
    expect:
    - {at: 60, state: {compute-1: evacuating}}
    - {at: end, servers: {compute-1: 0}}

The servers of compute-1 are named compute-1-active-1 and so on. Anything unknown is an error.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

from hostha.core.brakes import Limits
from hostha.core.model import NETWORKS
from hostha.exceptions import ConfigError
from hostha.settings import EngineSettings, Judgement, Recovery
from hostha.sim.commands import CHOICES, VERBS, Command, Kind
from hostha.sim.expect import CHECKS
from hostha.sim.host import Bmc
from hostha.sim.timing import Timing
from hostha.sim.world import World

SERVER_STATES = ('active', 'stopped', 'error', 'paused', 'suspended', 'rescued', 'resized', 'soft-delete', 'building', 'deleting')
"""What the servers of a host may be at the beginning; 'deleting': active, with its user's delete under way."""


@dataclass(frozen=True, slots=True)
class HostPlan:
    """A host at the beginning. servers: state -> how many."""

    servers: Mapping[str, int] = field(default_factory=dict)
    room: int = 100
    bmc: str = Bmc.OK
    controller: bool = False
    compute_at_boot: bool = True


@dataclass(frozen=True, slots=True)
class Expectation:
    """What must be so ``at`` seconds after the beginning. checks: name -> what is expected; see sim.expect."""

    at: float
    checks: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Scenario:
    """See the head of this module. seed: of the world's chance."""

    name: str
    title: str
    until: float
    hosts: Mapping[str, HostPlan]
    timeline: Sequence[Command]
    expect: Sequence[Expectation]
    seed: int = 1
    engines: int = 1
    networks: tuple[str, ...] = NETWORKS
    settings: Mapping[str, Any] = field(default_factory=dict)
    timing: Mapping[str, Any] = field(default_factory=dict)

    def world(self, seed: int | None = None, start: float = 0.0) -> World:
        """The world at the beginning. seed: another one than the scenario's. start: monotonic seconds of the beginning."""
        timing: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in self.timing.items()}
        world = World(self.networks, Timing(**timing), seed=self.seed if seed is None else seed, start=start)
        for name, plan in self.hosts.items():
            host = world.add_host(name, room=plan.room, controller=plan.controller, compute_at_boot=plan.compute_at_boot)
            host.bmc = Bmc(plan.bmc)
        for server, host_name, state in servers(self.hosts):
            actual = 'active' if state == 'deleting' else state
            world.add_server(server, host_name, actual, 'deleting' if state == 'deleting' else '', launched=state != 'building')
        return world


def servers(hosts: Mapping[str, HostPlan]) -> list[tuple[str, str, str]]:
    """Every server at the beginning: its name, its host, its state."""
    return [(f'{host}-{state}-{n}', host, state)
            for host, plan in hosts.items() for state, count in plan.servers.items() for n in range(1, count + 1)]


def load(folder: Path) -> Scenario:
    """Read ``scenario.yaml`` of a folder. ConfigError names what is wrong in it."""
    path = folder / 'scenario.yaml'
    try:
        with path.open(encoding='utf-8') as file:
            raw = yaml.load(file, Loader=_StrictLoader)  # noqa: S506 - a SafeLoader
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), 'unreadable', str(error)) from error
    return parse(folder.name, raw)


def parse(name: str, raw: Any) -> Scenario:
    """The scenario that this data is. ConfigError."""
    data = _keys('scenario', raw, [item.name for item in fields(Scenario) if item.name != 'name'],
                 required=('title', 'until', 'hosts', 'timeline', 'expect'))
    until = _number('until', data['until'])
    hosts = {host: _host(host, plan) for host, plan in _mapping('hosts', data['hosts']).items()}
    networks = tuple(data.get('networks', NETWORKS))
    reader = _Reader(hosts, networks, until)
    timeline = [reader.command(f'timeline[{n}]', item) for n, item in enumerate(_list('timeline', data['timeline']))]
    expect = [reader.expectation(f'expect[{n}]', item) for n, item in enumerate(_list('expect', data['expect']))]
    if not expect:
        raise ConfigError('expect', '[]', 'a scenario that expects nothing proves nothing')
    return Scenario(name, str(data['title']), until, hosts, timeline, expect, int(data.get('seed', 1)), int(data.get('engines', 1)),
                    networks, _keys('settings', data.get('settings', {}), SETTINGS),
                    _keys('timing', data.get('timing', {}), [item.name for item in fields(Timing)]))


SETTINGS = [item.name for group in (Judgement, Limits, Recovery, EngineSettings) for item in fields(group)
            if item.name not in ('networks', 'limits', 'name')]
"""The settings that a scenario may change."""


def of_group(group: type, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a scenario's settings that belong to a settings class."""
    names = {item.name for item in fields(group)}
    return {key: value for key, value in settings.items() if key in names}


class _Reader:
    """Reads what refers to the scenario's own hosts, servers and networks."""

    def __init__(self, hosts: Mapping[str, HostPlan], networks: Sequence[str], until: float) -> None:
        self._until = until
        names = [server for server, _, _ in servers(hosts)]
        self._known: Mapping[Kind, Sequence[str]] = {
            Kind.HOST: list(hosts), Kind.NETWORK: networks, Kind.SERVER: names, **CHOICES}

    def command(self, where: str, raw: Any) -> Command:
        """One entry of the time line: ``at`` and one verb."""
        data = dict(_keys(where, raw, ('at', *VERBS), required=('at',)))
        at = self._time(where, data.pop('at'))
        if len(data) != 1:
            raise ConfigError(where, ' '.join(data) or 'nothing', 'exactly one verb')
        verb, value = data.popitem()
        values = value if isinstance(value, list) else [value]
        kinds = VERBS[verb].arguments
        if len(values) != len(kinds):
            raise ConfigError(f'{where}.{verb}', values, f'arguments: {", ".join(kinds)}')
        return Command(at, verb, tuple(self._argument(f'{where}.{verb}', kind, item) for kind, item in zip(kinds, values, strict=True)))

    def _argument(self, where: str, kind: Kind, value: Any) -> Any:
        if kind is Kind.SWITCH and not isinstance(value, bool):
            raise ConfigError(where, value, 'true or false')
        if kind is Kind.NUMBER:
            return _number(where, value)
        if kind is Kind.ENGINE and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
            raise ConfigError(where, value, 'the number of an engine, from 1 on')
        if kind in self._known and value not in self._known[kind]:
            raise ConfigError(where, value, f'no such {kind}; there are: {", ".join(self._known[kind])}')
        return value

    def expectation(self, where: str, raw: Any) -> Expectation:
        """One entry of what is expected: ``at`` and at least one check."""
        data = dict(_keys(where, raw, ('at', *CHECKS), required=('at',)))
        at = data.pop('at')
        if not data:
            raise ConfigError(where, 'nothing', 'at least one check')
        for check, value in data.items():
            kind = Kind.SERVER if CHECKS[check].of_servers else Kind.HOST
            for key in _mapping(f'{where}.{check}', value):
                self._argument(f'{where}.{check}', kind, key)
        return Expectation(self._until if at == 'end' else self._time(where, at), data)

    def _time(self, where: str, value: Any) -> float:
        at = _number(f'{where}.at', value)
        if not 0 <= at <= self._until:
            raise ConfigError(f'{where}.at', at, f'between 0 and {self._until:g}, the end')
        return at


def _host(name: str, raw: Any) -> HostPlan:
    data = _keys(f'hosts.{name}', raw or {}, [item.name for item in fields(HostPlan)])
    for state, count in _keys(f'hosts.{name}.servers', data.get('servers', {}), SERVER_STATES).items():
        _number(f'hosts.{name}.servers.{state}', count)
    if data.get('bmc', Bmc.OK) not in CHOICES[Kind.BMC]:
        raise ConfigError(f'hosts.{name}.bmc', data['bmc'], f'one of {", ".join(Bmc)}')
    return HostPlan(**data)


def _mapping(where: str, raw: Any) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise ConfigError(where, raw, 'a mapping')
    return raw


def _list(where: str, raw: Any) -> list[Any]:
    if not isinstance(raw, list):
        raise ConfigError(where, raw, 'a list')
    return raw


def _number(where: str, raw: Any) -> Any:
    if isinstance(raw, bool) or not isinstance(raw, (int, float)) or raw < 0:
        raise ConfigError(where, raw, 'a number, 0 or more')
    return raw


def _keys(where: str, raw: Any, allowed: Sequence[str], required: Sequence[str] = ()) -> dict[str, Any]:
    data = _mapping(where, raw)
    for key in data:
        if key not in allowed:
            raise ConfigError(f'{where}.{key}', data[key], f'unknown; known: {", ".join(allowed)}')
    for key in required:
        if key not in data:
            raise ConfigError(f'{where}.{key}', 'nothing', 'required')
    return data


class _StrictLoader(yaml.SafeLoader):
    """YAML without the same key twice, of which the first would be lost without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f'the key {key!r} is there twice', node.start_mark)
        return super().construct_mapping(node, deep)
