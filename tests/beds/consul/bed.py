"""The bed itself: brings hosts and agents up, breaks them in every way that a test may want, takes them down."""

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

from tests.beds import netns, processes
from tests.beds.command import BedError, wait_until
from tests.beds.consul import config, handler, install
from tests.beds.consul.agents import Agent, Reply
from tests.beds.consul.config import Profile, Tuning
from tests.beds.consul.layout import CONTROLLERS, NETWORKS, Layout
from tests.beds.consul.network import Direction, Limits, Network, raise_neighbour_limits, set_neighbour_limits
from tests.beds.requirements import missing


def requirements() -> list[str]:
    """Why a bed cannot run here, in plain words; empty if it can."""
    programs = {'ip': 'iproute2', 'nft': 'nftables', 'unshare': 'util-linux', 'hostname': 'hostname', 'apt-get': 'apt'}
    return missing(root=True, programs=programs, namespaces=True)


class ConsulBed:
    """Three controllers (Consul servers), computes (clients) and an observer (no Consul), on three networks.

    directory  where the bed keeps its state, the agents' data and logs; they stay for inspection after ``down``
    computes   names of the compute hosts
    prefix     of the namespaces; two beds at once need two prefixes
    observer   the host from which an engine watches
    on_fence   a command that each compute's watch handler runs, with the host's name as its last argument and the
               events on its standard input (also the empty list with which Consul greets it when the agent starts)
    The rest: see ``Tuning``.

    Methods raise BedError if the machine refuses, ValueError for a host that is not in the bed.
    Another process may work on the same bed with ``load``.
    """

    controllers = CONTROLLERS
    networks = NETWORKS

    def __init__(
        self,
        directory: Path,
        computes: Sequence[str],
        *,
        prefix: str = 'hb',
        profile: Profile = 'tuned',
        raft_multiplier: int = 1,
        keep_dead: bool = True,
        observer: str = 'engine',
        on_fence: Sequence[str] = (),
    ) -> None:
        self.directory = directory.resolve()
        self.computes = tuple(computes)
        self.observer = observer
        self._layout = Layout(prefix, self.computes, observer)
        self._tuning = Tuning(profile, raft_multiplier, keep_dead)
        self._on_fence = tuple(on_fence)
        self._network = Network(self._layout)
        self._children: list[subprocess.Popen[Any]] = []

    @classmethod
    def load(cls, directory: Path) -> 'ConsulBed':
        """The bed that is up, or half up, with this directory. BedError if there is none."""
        try:
            state = json.loads(_state_file(directory).read_text())
        except FileNotFoundError:
            raise BedError(f'no bed is up in {directory}') from None
        return cls(directory, **state['arguments'])

    def __enter__(self) -> 'ConsulBed':
        self.up()
        return self

    def __exit__(self, *exception: object) -> None:
        self.down()

    # Up and down

    def up(self) -> None:
        """Start everything, and return when every host is seen passing on every network: some 10 s for 3 + 4 hosts.

        If it fails, all is down again.
        """
        if _state_file(self.directory).exists():
            raise BedError(f'a bed is up in {self.directory} already')
        self.directory.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self.directory / 'hosts', ignore_errors=True)
        self._log.unlink(missing_ok=True)
        consul = install.consul()
        self._network.claim(self.directory)
        try:
            self._save(raise_neighbour_limits(len(self._layout.everyone)))
            self._network.build()
            self._start_agents(consul)
        except BaseException:
            self.down()
            raise

    def down(self) -> None:
        """End every process of the bed and remove its namespaces; only the directory stays. Nothing if it is not up."""
        try:
            state = json.loads(_state_file(self.directory).read_text())
        except FileNotFoundError:
            self._reap()  # another process may have taken the bed down
            return
        self._kill_processes(self._layout.namespaces)
        self._network.remove()
        set_neighbour_limits(state['neighbour_limits'])
        _state_file(self.directory).unlink()

    # Where things are

    def namespace(self, host: str) -> str:
        """The network namespace of a host."""
        return self._layout.namespace(host)

    def address(self, host: str, network: str) -> str:
        """The IPv4 address of a host on a network."""
        return self._layout.address(host, network)

    def popen(self, host: str, argv: Sequence[str], **options: Any) -> subprocess.Popen[Any]:
        """Start a command on a host, in its network namespace and under its host name. ``options``: of ``Popen``.

        A power-off of the host, and ``down``, kill it.
        """
        child = netns.popen(self.namespace(host), host, argv, **options)
        self._children.append(child)
        return child

    def request(
        self, host: str, network: str, method: str, path: str, body: str | None = None, timeout: float = 5
    ) -> Reply:
        """Ask a host's agent over HTTP, from that host. OSError if there is no answer within ``timeout`` seconds."""
        return self._agent(host, network).request(method, path, body, timeout)

    def health(self, network: str, seen_by: str = CONTROLLERS[0]) -> dict[str, str]:
        """Host -> ``passing`` or ``critical``, as that host's agent sees them; empty if it gives no answer."""
        try:
            reply = self.request(seen_by, network, 'GET', '/v1/health/state/any?stale')
        except OSError:
            return {}
        checks = reply.json() if reply.status == 200 else []
        return {check['Node']: check['Status'] for check in checks if check['CheckID'] == 'serfHealth'}

    def wait_for_health(
        self, network: str, expected: Mapping[str, str], timeout: float = 30, seen_by: str = CONTROLLERS[0]
    ) -> float:
        """Wait until these hosts are seen like that (others do not matter). Returns the seconds that it took."""
        what = f'{network} as seen by {seen_by}: {dict(expected)}'
        return wait_until(lambda: expected.items() <= self.health(network, seen_by).items(), what, timeout)

    def leader(self, network: str, asked: str = CONTROLLERS[0]) -> str | None:
        """The controller that leads the network's cluster; None if the one asked knows of none, or does not answer."""
        try:
            leader = self.request(asked, network, 'GET', '/v1/status/leader').json()
        except (OSError, ValueError):
            return None
        return next((host for host in CONTROLLERS if leader.startswith(f'{self.address(host, network)}:')), None)

    def fired_events(self) -> list[handler.HandlerRun]:
        """All runs of the computes' watch handlers, oldest first."""
        return handler.runs(self._log)

    # What breaks, and heals

    def set_link(self, host: str, network: str, up: bool) -> None:
        """Plug or pull the cable between a host and a network's switch."""
        self._network.set_links(host, (network,), up)

    def drop(self, host: str, network: str, direction: Direction = 'both') -> None:
        """Lose a host's packets on a network, while its link stays up; ``in`` is towards the host."""
        self._network.drop(host, network, direction)

    def heal(self, host: str, network: str) -> None:
        """Undo every ``drop`` there."""
        self._network.heal(host, network)

    def poweroff(self, host: str) -> None:
        """No power: its cables go dead, then all that runs there is killed (but for the caller, if it runs there)."""
        self._network.set_links(host, NETWORKS, up=False)
        self._kill_processes([self.namespace(host)])

    def poweron(self, host: str, wipe: bool = False) -> None:
        """Plug all cables in and start all agents; with ``wipe`` on new disks. Returns at once."""
        self._network.set_links(host, NETWORKS, up=True)
        for name in NETWORKS:
            if wipe:
                self._agent(host, name).wipe()
            self.start_agent(host, name)

    def alive(self, host: str) -> bool:
        """Whether any agent of the host runs."""
        return any(self._agent(host, name).process for name in NETWORKS)

    def kill_agent(self, host: str, network: str) -> None:
        """SIGKILL the agent."""
        self._agent(host, network).kill()
        self._reap()

    def start_agent(self, host: str, network: str) -> None:
        """Start the agent, if it does not run; returns at once."""
        self._start(install.consul(), host, network)

    def freeze_agent(self, host: str, network: str) -> None:
        """Let the agent hang (SIGSTOP)."""
        self._agent(host, network).freeze()

    def thaw_agent(self, host: str, network: str) -> None:
        """Undo ``freeze_agent``."""
        self._agent(host, network).thaw()

    def leave_agent(self, host: str, network: str) -> None:
        """Let the agent leave its cluster gracefully; returns when it has ended."""
        self._agent(host, network).leave()
        self._reap()

    def lose_quorum(self, network: str) -> None:
        """Kill two of the network's three servers."""
        for host in CONTROLLERS[1:]:
            self.kill_agent(host, network)

    def restore_quorum(self, network: str) -> None:
        """Start the servers that ``lose_quorum`` killed; returns at once."""
        for host in CONTROLLERS[1:]:
            self.start_agent(host, network)

    # Inside

    @property
    def _log(self) -> Path:
        return self.directory / 'events.jsonl'

    def _save(self, neighbour_limits: Limits) -> None:
        arguments = {
            'computes': self.computes,
            'prefix': self._layout.prefix,
            'observer': self.observer,
            'on_fence': self._on_fence,
            **asdict(self._tuning),
        }
        state = {'arguments': arguments, 'neighbour_limits': neighbour_limits}
        _state_file(self.directory).write_text(json.dumps(state, indent=2))

    def _agent(self, host: str, network: str) -> Agent:
        folder = self.directory / 'hosts' / host / network
        return Agent(folder, self.namespace(host), host, self.address(host, network))

    def _start_agents(self, consul: Path) -> None:
        """Servers first: a client that finds no server at its start tries again only seconds later."""
        handler.write(self.directory / 'handler', self._on_fence)
        for hosts in (CONTROLLERS, self.computes):
            for host, name in product(hosts, NETWORKS):
                self._start(consul, host, name)
            for name in NETWORKS:
                wait_until(partial(self._all_pass, name, hosts), f'all of {hosts} pass on {name}', timeout=120)

    def _all_pass(self, network: str, hosts: Sequence[str]) -> bool:
        """Whether they do; BedError if an agent has ended instead."""
        for host in hosts:
            if not self._agent(host, network).process:
                raise BedError(f'the agent of {host} on {network} has ended: see {self._agent(host, network).log}')
        health = self.health(network)
        return all(health.get(host) == 'passing' for host in hosts)

    def _start(self, consul: Path, host: str, network: str) -> None:
        agent = self._agent(host, network)
        if agent.process:
            return
        watch = [str(self.directory / 'handler'), str(self._log), host, network] if host in self.computes else []
        settings = config.agent(self._layout, self._tuning, host, network, agent.data, watch)
        self._children.append(agent.start(consul, settings))

    def _kill_processes(self, namespaces: Sequence[str]) -> None:
        """SIGKILL all that runs there, until nothing does: a dying handler may just have started a command."""

        def empty() -> bool:
            processes.kill_all(found := netns.processes(namespaces))
            self._reap()
            return not found

        wait_until(empty, f'no process is left in {", ".join(namespaces)}', timeout=30, interval=0)

    def _reap(self) -> None:
        """Have the kernel forget those of our children that have ended."""
        self._children = [child for child in self._children if child.poll() is None]


def _state_file(directory: Path) -> Path:
    return directory / 'bed.json'
