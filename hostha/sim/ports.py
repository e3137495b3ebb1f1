"""The world behind hostha.ports, but for Nova: liveness, the way to the agents, fencing and notifications."""

from collections.abc import Callable, Sequence

from hostha.core.model import Decision, Power
from hostha.core.observation import Reading
from hostha.exceptions import OutcomeUnknown, Refused, Unavailable
from hostha.ports import Clock, FenceOrder
from hostha.sim.host import Bmc
from hostha.sim.world import World


class SimLiveness:
    """ports.Liveness: one consistent look at each simulated Consul cluster, always fresh."""

    def __init__(self, world: World, clock: Clock) -> None:
        self._world, self._clock = world, clock
        self.networks: Sequence[str] = world.networks

    def start(self, on_change: Callable[[], None]) -> None:
        """Have ``on_change`` called for each change of a cluster."""
        self._callback = on_change
        for cluster in self._world.clusters.values():
            cluster.on_change.append(on_change)

    def read(self, max_age: float) -> Sequence[Reading]:  # noqa: ARG002 - always fresh
        """One reading a network."""
        with self._world.stage.lock:
            now = self._clock.monotonic()
            self._world.advance(now)
            return [cluster.reading(now) for cluster in self._world.clusters.values()]

    def stop(self) -> None:
        """End the watch."""
        for cluster in self._world.clusters.values():
            cluster.on_change[:] = [callback for callback in cluster.on_change if callback is not self._callback]


class SimAgents:
    """ports.Agents: Consul events."""

    def __init__(self, world: World, clock: Clock) -> None:
        self._world, self._clock = world, clock

    def send(self, command: str, host: str, epoch: int) -> Sequence[str]:
        """Fire an event; a 200 of Consul says nothing of its delivery."""
        with self._world.stage.lock:
            self._world.advance(self._clock.monotonic())
            self._world.checker.before(command, host)
            networks = self._world.fire(command, host, epoch)
        if not networks:
            raise Unavailable('no network took the event', driver='consul', operation=command, host=host)
        return networks


class SimFencer:
    """ports.Fencer over the host's simulated BMC: stands for ``fence_agent``, ``ipmi`` and ``redfish``."""

    def __init__(self, world: World, clock: Clock) -> None:
        self._world, self._clock = world, clock

    def off(self, order: FenceOrder) -> None:
        """Ask the BMC."""
        with self._world.stage.lock:
            self._world.advance(self._clock.monotonic())
            host = self._world.hosts[order.host]
            self._world.checker.before('fence', order.host)
            self._world.ask_bmc(order.host)
        if host.bmc is Bmc.REFUSE:
            raise Refused('wrong credentials', driver='bmc', operation='off', host=order.host)
        if host.bmc in (Bmc.TIMEOUT, Bmc.LOST_ANSWER):
            raise OutcomeUnknown('no answer in time', driver='bmc', operation='off', host=order.host)

    def power(self, order: FenceOrder) -> Power:
        """The truth, unless the BMC does not answer."""
        with self._world.stage.lock:
            self._world.advance(self._clock.monotonic())
            host = self._world.hosts[order.host]
            if host.bmc in (Bmc.TIMEOUT, Bmc.REFUSE):
                return Power.UNKNOWN
            return Power.ON if host.power else Power.OFF

    def describe(self, order: FenceOrder) -> str:
        """In words."""
        return f'simulated BMC of {order.host}'


class SimNotifier:
    """ports.Notifier: transitions go to the time line."""

    def __init__(self, world: World) -> None:
        self._world = world

    def transition(self, decision: Decision) -> None:
        """One line."""
        before, after = decision.before, decision.record
        with self._world.stage.lock:
            self._world.stage.say(f'{after.name}: {before.state} -> {after.state} on {decision.happening.event}: {after.reason}')
