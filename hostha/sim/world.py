"""The simulated world as a whole, and what may happen to it from outside."""

from collections.abc import Sequence
from functools import partial

from hostha.core.model import NETWORKS
from hostha.sim.checker import Checker
from hostha.sim.consul import Cluster, Health
from hostha.sim.host import Bmc, Host
from hostha.sim.inventory import Instance
from hostha.sim.nova import Nova
from hostha.sim.stage import EPOCH, Stage
from hostha.sim.timing import Timing


class World:
    """Hosts on several networks, each with its Consul cluster, and one Nova.

    Time goes on only in advance(), driven by VirtualClock or, with real threads, by whoever calls advance() with a clock's monotonic
    seconds (``start`` is then that clock's present time). Every access is under ``stage.lock``. The first network carries Nova's RPC.
    fenced: the hosts that were asked to be off, once for each time.
    """

    def __init__(self, networks: Sequence[str] = NETWORKS, timing: Timing | None = None, *, seed: int = 0,
                 start: float = 0.0, epoch: float = EPOCH) -> None:
        self.stage = Stage(start, epoch, seed)
        self.timing = timing or Timing()
        self.networks = tuple(networks)
        self.clusters = {network: Cluster(self.stage, network, self.timing) for network in self.networks}
        self.nova = Nova(self.stage, self.timing, self.networks[0])
        self.checker = Checker(self.stage, self.nova, self.clusters)
        self.hosts = self.stage.hosts
        self.fenced: list[str] = []
        self._events: list[tuple[Host, str, str, int]] = []

    def advance(self, to: float) -> None:
        """Let time go on until ``to``, monotonic seconds."""
        self.stage.advance(to)

    def next_due(self) -> float | None:
        """When the next event of the world is due, monotonic seconds."""
        return self.stage.next_due()

    # building it

    def add_host(self, name: str, *, room: int = 100, controller: bool = False, compute_at_boot: bool = True) -> Host:
        """A healthy host without servers."""
        up = dict.fromkeys(self.networks, True)
        host = Host(name, dict(up), dict(up), room, controller, compute_at_boot=compute_at_boot)
        self.hosts[name] = host
        for cluster in self.clusters.values():
            cluster.join(host)
        self.nova.add_host(host)
        return host

    def add_server(self, server: str, host: str, state: str = 'active', task: str = '', *, launched: bool = True) -> Instance:
        """A server as it stands on ``host`` ('' for none)."""
        age = len(self.nova.inventory.instances)
        instance = Instance(server, server, host, state, task, created=self.stage.epoch - 86400 + age, launched=launched)
        self.nova.add_server(instance)
        return instance

    # power

    def power_off(self, name: str) -> None:
        """The host loses its power: everything on it stops at once."""
        host = self.hosts[name]
        if host.power:
            host.power = host.booted = host.compute = False
            host.guests = dict.fromkeys(host.guests, False)
            self._changed(host, 'power off')

    def power_on(self, name: str) -> None:
        """The host gets its power back and boots; guests stay off."""
        host = self.hosts[name]
        if not host.power:
            host.power, host.boots, host.powered_at = True, host.boots + 1, self.stage.now
            self._changed(host, 'power on, booting')
            self.stage.after(self.timing.boot, partial(self._booted, host, host.boots))

    def _booted(self, host: Host, boot: int) -> None:
        if not host.power or host.boots != boot:
            return
        host.booted = True
        host.gossip = dict.fromkeys(self.networks, True)
        self._changed(host, 'booted')
        if host.compute_at_boot:
            self.start_compute(host.name)

    # networks and Consul

    def set_link(self, name: str, network: str, up: bool) -> None:
        """Pull or plug the host's cable of a network."""
        host = self.hosts[name]
        host.networks[network] = up
        self._changed(host, f'{network} link {"up" if up else "down"}')
        if up:
            self.stage.after(self.timing.event, self._deliver)

    def set_gossip(self, name: str, network: str, running: bool) -> None:
        """Start the host's Consul agent of a network, or kill it."""
        host = self.hosts[name]
        host.gossip[network] = running
        self._changed(host, f'{network} agent {"started" if running else "killed"}')

    def leave(self, name: str, network: str) -> None:
        """The host leaves the cluster of a network gracefully."""
        self.clusters[network].leave(self.hosts[name])

    def set_consul(self, network: str, health: Health) -> None:
        """The cluster of a network loses or regains its leader, or dies."""
        self.clusters[network].set_health(health)

    # nova-compute and the agent

    def start_compute(self, name: str) -> None:
        """Start the host's nova-compute, again if it runs."""
        host = self.hosts[name]
        if host.booted:
            host.compute, host.compute_starts = True, host.compute_starts + 1
            self.stage.say(f'{name}: nova-compute starts')
            self.nova.compute_started(host)

    def stop_compute(self, name: str) -> None:
        """Kill the host's nova-compute; its guests run on."""
        host = self.hosts[name]
        host.compute = False
        self._changed(host, 'nova-compute stops')

    def fire(self, command: str, name: str, epoch: int) -> list[str]:
        """A Consul event for one host, over every network whose cluster takes it; returns those."""
        networks = [network for network, cluster in self.clusters.items() if cluster.health is not Health.DEAD]
        if command == 'fence':
            self.fenced.append(name)
        self._events += [(self.hosts[name], network, command, epoch) for network in networks if name in self.hosts]
        self.stage.after(self.timing.event, self._deliver)
        return networks

    def _deliver(self) -> None:
        """An event for a host that cannot be reached waits until it can."""
        waiting, self._events = self._events, []
        for host, network, command, epoch in waiting:
            if host.gossips(network):
                self._obey(host, command, epoch)
            elif host.power:
                self._events.append((host, network, command, epoch))

    def _obey(self, host: Host, command: str, epoch: int) -> None:
        """The agent on the host: a fence once an epoch; enable-nova starts nova-compute unless it runs."""
        if not host.obeys:
            return
        if command == 'enable-nova':
            if not host.compute:
                self.start_compute(host.name)
        elif epoch not in host.acted_on:
            host.acted_on.add(epoch)
            self.stop_compute(host.name)
            host.guests = dict.fromkeys(host.guests, False)
            self.stage.after(self.timing.fence_by_agent, partial(self.power_off, host.name))

    # the management controller

    def ask_bmc(self, name: str) -> None:
        """Ask for power off; what comes of it is up to the controller."""
        self.fenced.append(name)
        bmc = self.hosts[name].bmc
        self.stage.say(f'{name}: the BMC is asked for power off ({bmc})')
        if bmc in (Bmc.OK, Bmc.LOST_ANSWER):
            self.power_off(name)
        elif bmc is Bmc.SLOW:
            self.stage.after(self.timing.bmc_slow, partial(self.power_off, name))

    def set_bmc(self, name: str, bmc: Bmc) -> None:
        """Break or mend the controller."""
        self.hosts[name].bmc = bmc
        self.stage.say(f'{name}: BMC {bmc}')

    def _changed(self, host: Host, what: str) -> None:
        self.stage.say(f'{host.name}: {what}')
        for cluster in self.clusters.values():
            cluster.notice(host)
        self.nova.notice(host)
