"""What one bed consists of, and where its files and ports are."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from tests.beds.command import BedError

PASSWORD = 'bed'
"""Of every user of the bed."""
_OFFSETS = {
    'memcached': 211, 'epmd': 369, 'mariadb': 306, 'rabbitmq': 672, 'rabbitmq-peers': 673,
    'keystone': 500, 'placement': 778, 'nova': 774, 'glance': 292, 'neutron': 696,
}
_PATHS = {'keystone': '/v3', 'nova': '/v2.1', 'glance': '/v2', 'neutron': '/v2.0', 'placement': ''}


@dataclass(frozen=True, slots=True)
class Plan:
    """The choices of one bed. It is written into the bed's directory, so that another process can find them.

    report_interval, service_down_time  Nova's options of these names, in seconds.
    neutron                             whether Neutron runs; without it VMs have no network at all.
    """

    directory: Path
    hosts: tuple[str, ...]
    port_base: int
    neutron: bool
    report_interval: int
    service_down_time: int

    @classmethod
    def load(cls, directory: Path) -> Self:
        """The plan that ``save`` left in this directory. BedError if there is none."""
        try:
            kept = json.loads((directory / 'plan.json').read_text())
        except FileNotFoundError as error:
            raise BedError(f'there is no bed in {directory}') from error
        return cls(**kept | {'directory': directory.resolve(), 'hosts': tuple(kept['hosts'])})

    def save(self) -> None:
        """Make the bed's directories and write the plan down."""
        states = [self.data / state for state in ('images', 'staging', *(f'hosts/{host}' for host in self.hosts))]
        for folder in (self.etc, self.log, self.run / 'processes', *states):
            folder.mkdir(parents=True, exist_ok=True)
        (self.directory / 'plan.json').write_text(json.dumps(asdict(self), default=str, indent=1))

    @property
    def etc(self) -> Path:
        """Configuration files."""
        return self.directory / 'etc'

    @property
    def log(self) -> Path:
        """One log file for each process."""
        return self.directory / 'log'

    @property
    def run(self) -> Path:
        """Sockets, records of processes, knobs, and the truth about the guests."""
        return self.directory / 'run'

    @property
    def data(self) -> Path:
        """What outlives the processes, except the database."""
        return self.directory / 'data'

    @property
    def ports(self) -> dict[str, int]:
        """Service -> port on 127.0.0.1."""
        return {service: self.port_base + offset for service, offset in _OFFSETS.items()}

    def url(self, service: str) -> str:
        """The root of an HTTP service."""
        return f'http://127.0.0.1:{self.ports[service]}'

    def endpoint(self, service: str) -> str:
        """The address of a service as the catalogue gives it."""
        return self.url(service) + _PATHS[service]
