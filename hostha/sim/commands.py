"""What a scenario may make happen, as data: each verb with its arguments and what it does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from hostha.core.orders import ACTIONS
from hostha.sim.consul import Health
from hostha.sim.host import Bmc
from hostha.sim.world import World


class Kind(StrEnum):
    """What an argument is. CALL: one that changes something in Nova. ENGINE: the number of an engine, from 1 on."""

    HOST = 'host'
    NETWORK = 'network'
    SERVER = 'server'
    NUMBER = 'number'
    SWITCH = 'switch'
    BMC = 'bmc'
    HEALTH = 'health'
    ACTION = 'action'
    CALL = 'call'
    ENGINE = 'engine'


CHOICES: Mapping[Kind, tuple[str, ...]] = {
    Kind.BMC: tuple(Bmc), Kind.HEALTH: tuple(Health), Kind.ACTION: tuple(ACTIONS),
    Kind.CALL: ('mark_down', 'stop_scheduling', 'unforce', 'enable', 'evacuate', 'reset', 'delete', 'stop')}
"""The words that an argument of a kind may be."""


class Verb(NamedTuple):
    """arguments: their kinds, in order. act: what it does to the world; None for what happens to hostha itself."""

    arguments: tuple[Kind, ...]
    act: Callable[..., object] | None


@dataclass(frozen=True, slots=True)
class Command:
    """One thing that happens, ``at`` seconds after the beginning."""

    at: float
    verb: str
    arguments: tuple[Any, ...]

    @property
    def to_world(self) -> bool:
        """Whether it happens to the world, and not to hostha."""
        return VERBS[self.verb].act is not None

    def apply(self, world: World) -> None:
        """Make it happen to the world."""
        act = VERBS[self.verb].act
        if act is not None:
            act(world, *self.arguments)


def _fault(name: str) -> Callable[[World, Any], None]:
    def act(world: World, value: Any) -> None:
        setattr(world.nova.faults, name, value)
        world.stage.say(f'nova: {name} = {value}')
    return act


def _lose_answers(world: World, call: str, count: int) -> None:
    world.nova.faults.lost_answers[call] = count
    world.stage.say(f'nova: the next {count} answers to {call} get lost')


def _set_task(world: World, server: str, task: str) -> None:
    world.nova.inventory.instances[server].task = task


def _enabled(enabled: bool) -> Callable[[World, str], None]:
    def act(world: World, host: str) -> None:
        nova = world.nova
        nova.put_service(nova.service(host, 'enable'), enabled=enabled, reason='' if enabled else 'disabled by an operator')
    return act


VERBS: Mapping[str, Verb] = {
    'power_off': Verb((Kind.HOST,), World.power_off),
    'power_on': Verb((Kind.HOST,), World.power_on),
    'link_down': Verb((Kind.HOST, Kind.NETWORK), lambda world, host, network: world.set_link(host, network, False)),
    'link_up': Verb((Kind.HOST, Kind.NETWORK), lambda world, host, network: world.set_link(host, network, True)),
    'agent_down': Verb((Kind.HOST, Kind.NETWORK), lambda world, host, network: world.set_gossip(host, network, False)),
    'agent_up': Verb((Kind.HOST, Kind.NETWORK), lambda world, host, network: world.set_gossip(host, network, True)),
    'leave': Verb((Kind.HOST, Kind.NETWORK), World.leave),
    'consul': Verb((Kind.NETWORK, Kind.HEALTH), lambda world, network, health: world.set_consul(network, Health(health))),
    'bmc': Verb((Kind.HOST, Kind.BMC), lambda world, host, bmc: world.set_bmc(host, Bmc(bmc))),
    'start_compute': Verb((Kind.HOST,), World.start_compute),
    'stop_compute': Verb((Kind.HOST,), World.stop_compute),
    'disable_service': Verb((Kind.HOST,), _enabled(False)),
    'enable_service': Verb((Kind.HOST,), _enabled(True)),
    'nova_unavailable': Verb((Kind.SWITCH,), _fault('unavailable')),
    'nova_latency': Verb((Kind.NUMBER,), _fault('latency')),
    'nova_lost_answers': Verb((Kind.CALL, Kind.NUMBER), _lose_answers),
    'nova_no_valid_host': Verb((Kind.SWITCH,), _fault('no_valid_host')),
    'nova_failing_rebuilds': Verb((Kind.NUMBER,), _fault('failing_rebuilds')),
    'delete_server': Verb((Kind.SERVER,), lambda world, server: world.nova.delete(server)),
    'start_deleting': Verb((Kind.SERVER,), lambda world, server: _set_task(world, server, 'deleting')),
    'order': Verb((Kind.HOST, Kind.ACTION), None),
    'engine_start': Verb((Kind.ENGINE,), None),
    'engine_kill': Verb((Kind.ENGINE,), None),
    'engine_stop': Verb((Kind.ENGINE,), None)}
"""Every verb. engine_kill is as kill -9; engine_stop is graceful."""
