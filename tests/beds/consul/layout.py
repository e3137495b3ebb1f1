"""Who is in the bed, and how its namespaces, switch ports and addresses are called. Pure."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

CONTROLLERS = ('ctl1', 'ctl2', 'ctl3')
NETWORKS = ('management', 'tenant', 'storage')
SUBNETS = {'management': '10.81.10', 'tenant': '10.81.20', 'storage': '10.81.30'}
SWITCH = 'switch'

HTTP_PORT = 8500
MAX_COMPUTES = 150
MAX_INTERFACE_NAME = 15
"""Of an interface name in Linux (IFNAMSIZ, less its end mark)."""


@dataclass(frozen=True)
class Layout:
    """The hosts of one bed. ValueError at once if their names cannot be told apart, or cannot be names of hosts.

    A host's interfaces are called as the networks are; its ports on the switch after the host and the network.
    """

    prefix: str
    computes: tuple[str, ...]
    observer: str

    def __post_init__(self) -> None:
        for name in (self.prefix, *self.everyone):
            if not re.fullmatch('[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?', name):
                raise ValueError(f'{name!r} cannot be the name of a host')
        if len(self.computes) > MAX_COMPUTES:
            raise ValueError(f'{len(self.computes)} compute hosts; the bed has addresses for {MAX_COMPUTES}')
        _refuse_twins((*self.everyone, SWITCH), 'the same name')
        _refuse_twins((self.port(host, NETWORKS[0]) for host in self.everyone), 'the same switch port')

    @property
    def members(self) -> tuple[str, ...]:
        """The hosts with Consul agents."""
        return CONTROLLERS + self.computes

    @property
    def everyone(self) -> tuple[str, ...]:
        """The hosts with addresses: the members and the observer."""
        return (*self.members, self.observer)

    def namespace(self, host: str) -> str:
        """The network namespace of a host, or of the switch."""
        return f'{self.prefix}-{host}'

    @property
    def namespaces(self) -> list[str]:
        """All of them, the switch first."""
        return [self.namespace(name) for name in (SWITCH, *self.everyone)]

    def address(self, host: str, network: str) -> str:
        """The IPv4 address: .11 to .13 controllers, .20 the observer, .101 and up the computes in their order."""
        if network not in SUBNETS:
            raise ValueError(f'there is no network {network!r} in this bed')
        return f'{SUBNETS[network]}.{self._number(host)}'

    def port(self, host: str, network: str) -> str:
        """The switch port of a host: of a long name the end, which tells hosts apart, and the network's initial."""
        end = f'-{network[0]}'
        return host[-(MAX_INTERFACE_NAME - len(end)):].lstrip('.-') + end

    def _number(self, host: str) -> int:
        if host == self.observer:
            return 20
        if host in CONTROLLERS:
            return 11 + CONTROLLERS.index(host)
        if host in self.computes:
            return 101 + self.computes.index(host)
        raise ValueError(f'there is no host {host!r} in this bed')


def _refuse_twins(names: Iterable[str], what: str) -> None:
    if twins := [name for name, count in Counter(names).items() if count > 1]:
        raise ValueError(f'two hosts of the bed would have {what}: {", ".join(twins)}')
