"""The namespaces of a bed and the three switches between them. No interface of the machine itself is touched.

Each host is a namespace with one interface per network. The other ends hang on three bridges in a namespace of their
own, the switch: so a link that is cut there is seen by the host as a lost carrier, like a pulled cable.
"""

import json
from pathlib import Path
from typing import Literal, get_args

from tests.beds import netns
from tests.beds.command import BedError, run
from tests.beds.consul.layout import NETWORKS, SWITCH, Layout
from tests.beds.requirements import find_program

Direction = Literal['in', 'out', 'both']
Limits = dict[str, int]

NEIGHBOUR_LIMITS = Path('/proc/sys/net/ipv4/neigh/default')


class Network:
    """The cables and switches of one bed. Methods raise BedError if the machine refuses."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.switch = layout.namespace(SWITCH)

    def claim(self, owner: Path) -> None:
        """Make the switch, which makes the prefix ours: BedError, naming the other's directory, if it is taken."""
        if netns.exists(self.switch):
            raise BedError(f'a bed with the prefix {self.layout.prefix} is up already: {self._owner()}')
        netns.add(self.switch)
        netns.configure(self.switch, [command for network in NETWORKS for command in (
            f'link add {network} type bridge forward_delay 0',
            f'link set {network} up',
        )])
        netns.configure(self.switch, [f'link set {NETWORKS[0]} alias {owner}'])

    def build(self) -> None:
        """Make all hosts and plug them in."""
        for host in self.layout.everyone:
            netns.add(self.layout.namespace(host))
            self._plug_in(host)

    def remove(self) -> None:
        """Remove all namespaces, as far as they are there."""
        for namespace in reversed(self.layout.namespaces):
            netns.delete(namespace)

    def set_links(self, host: str, networks: tuple[str, ...], up: bool) -> None:
        """Plug or pull the host's cables to these networks, at the switch."""
        state = 'up' if up else 'down'
        netns.configure(self.switch, [f'link set {self.layout.port(host, network)} {state}' for network in networks])

    def drop(self, host: str, network: str, direction: Direction) -> None:
        """Lose all packets, ARP included, on their way to (in) or from (out) the host; the link stays up."""
        if direction not in get_args(Direction):
            raise ValueError(f'{direction!r} is no direction')
        if direction in ('in', 'both'):
            self._drop_ingress(self.layout.namespace(host), network)
        if direction in ('out', 'both'):
            self._drop_ingress(self.switch, self.layout.port(host, network))

    def heal(self, host: str, network: str) -> None:
        """Undo every ``drop`` of this host and network."""
        self._pass_ingress(self.layout.namespace(host), network)
        self._pass_ingress(self.switch, self.layout.port(host, network))

    def _owner(self) -> str:
        """The directory of the bed that has the prefix."""
        details = json.loads(run([find_program('ip'), '-n', self.switch, '-json', 'link', 'show', NETWORKS[0]]))
        return str(details[0].get('ifalias', 'unknown'))

    def _plug_in(self, host: str) -> None:
        namespace = self.layout.namespace(host)
        ports = {network: self.layout.port(host, network) for network in NETWORKS}
        netns.configure(self.switch, [command for network, port in ports.items() for command in (
            f'link add {port} type veth peer name {network} netns {namespace}',
            f'link set {port} master {network} up',
        )])
        netns.configure(namespace, [command for network in NETWORKS for command in (
            f'addr add {self.layout.address(host, network)}/24 brd + dev {network}',
            f'link set {network} up',
        )])

    def _drop_ingress(self, namespace: str, device: str) -> None:
        hook = f'type filter hook ingress device "{device}" priority 0'
        self._nft(namespace, f'table netdev drop-{device} {{ chain ingress {{ {hook}; drop; }}; }}\n')

    def _pass_ingress(self, namespace: str, device: str) -> None:
        # Adding a table that exists changes nothing: so it can be deleted without asking first.
        self._nft(namespace, f'add table netdev drop-{device}\ndelete table netdev drop-{device}\n')

    def _nft(self, namespace: str, script: str) -> None:
        run([find_program('ip'), 'netns', 'exec', namespace, find_program('nft'), '-f', '-'], stdin=script)


def raise_neighbour_limits(hosts: int) -> Limits:
    """Make room in the neighbour (ARP) table for a bed of so many hosts. Returns the former limits if it changes them.

    The table is one for all namespaces of the machine: when it overflows, whole networks seem to fail.
    """
    needed = len(NETWORKS) * hosts * hosts
    former = {name: int((NEIGHBOUR_LIMITS / name).read_text()) for name in ('gc_thresh3', 'gc_thresh2', 'gc_thresh1')}
    if needed < former['gc_thresh2']:  # the kernel cleans up, after 5 s, only what is above it
        return {}
    wanted = {'gc_thresh3': 4 * needed, 'gc_thresh2': 2 * needed, 'gc_thresh1': needed}
    set_neighbour_limits({name: max(former[name], limit) for name, limit in wanted.items()})
    return former


def set_neighbour_limits(limits: Limits) -> None:
    """Set limits of the neighbour table, as ``raise_neighbour_limits`` returned them."""
    for name, value in limits.items():
        (NEIGHBOUR_LIMITS / name).write_text(str(value))
