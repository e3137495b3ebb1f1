"""``python -m tests.beds.openstack COMMAND DIRECTORY``: a bed by hand; another process may stop what this one started."""

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

from tests.beds.command import BedError
from tests.beds.openstack.bed import OpenStackBed


def main() -> int:
    """Run one command. Returns the exit status."""
    options = _parser().parse_args()
    try:
        options.command(options)
    except BedError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def up(options: argparse.Namespace) -> None:
    """Bring a bed up, and say how to use it."""
    start = time.monotonic()
    hosts = [f'compute-{number:02}' for number in range(1, options.hosts + 1)]
    bed = OpenStackBed(options.directory, hosts, port_base=options.port_base, neutron=options.neutron)
    bed.up()
    print(f'up in {time.monotonic() - start:.1f} s: {", ".join(hosts)}')
    print('\n'.join(f'{name:20} {value}' for name, value in bed.auth.items()))


def seed(options: argparse.Namespace) -> None:
    """Create VMs."""
    created = OpenStackBed.of(options.directory).seed(options.count)
    print(f'{len(created)} VMs are ACTIVE')


def status(options: argparse.Namespace) -> None:
    """Show what Nova believes beside what is true."""
    bed = OpenStackBed.of(options.directory)
    if not bed.process_count():
        print('down')
        return
    believed = Counter(server['host'] for server in bed.servers())
    true = Counter(host for hosts in bed.running().values() for host in hosts)
    for service in bed.services():
        host, forced = service['host'], ', forced down' if service['forced_down'] else ''
        alive = 'alive' if bed.compute_alive(host) else 'dead'
        print(f'{host}: {service["state"]}, {service["status"]}{forced}; nova-compute {alive};'
              f' {believed[host]} VMs in Nova, {true[host]} really run')
    print('\n'.join(map(str, bed.overlaps())) or 'no VM ever ran on two hosts')


def down(options: argparse.Namespace) -> None:
    """End every process of a bed; its data stay."""
    OpenStackBed.of(options.directory).down()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog='python -m tests.beds.openstack')
    commands = parser.add_subparsers(required=True)
    for command in (up, seed, status, down):
        sub = commands.add_parser(command.__name__, help=command.__doc__)
        sub.set_defaults(command=command)
        sub.add_argument('directory', type=Path)
        if command is up:
            sub.add_argument('--hosts', type=int, default=5)
            sub.add_argument('--port-base', type=int, default=17000)
            sub.add_argument('--neutron', action='store_true')
        if command is seed:
            sub.add_argument('count', type=int)
    return parser


if __name__ == '__main__':
    sys.exit(main())
