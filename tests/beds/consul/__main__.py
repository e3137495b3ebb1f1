"""A Consul bed by hand. All commands but ``up`` work on a bed that is up, whichever process brought it up."""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.beds import netns
from tests.beds.command import BedError
from tests.beds.consul import ConsulBed, requirements
from tests.beds.consul.config import GOSSIP
from tests.beds.consul.layout import NETWORKS
from tests.beds.consul.self_fence import ordered

COMMANDS: dict[str, tuple[str, Callable[..., None]]] = {
    'down': ('', ConsulBed.down),
    'pull': ('HOST NETWORK', lambda bed, host, network: bed.set_link(host, network, up=False)),
    'plug': ('HOST NETWORK', lambda bed, host, network: bed.set_link(host, network, up=True)),
    'drop': ('HOST NETWORK [in|out|both]', ConsulBed.drop),
    'heal': ('HOST NETWORK', ConsulBed.heal),
    'poweroff': ('HOST', ConsulBed.poweroff),
    'poweron': ('HOST', ConsulBed.poweron),
    'kill': ('HOST NETWORK', ConsulBed.kill_agent),
    'start': ('HOST NETWORK', ConsulBed.start_agent),
    'freeze': ('HOST NETWORK', ConsulBed.freeze_agent),
    'thaw': ('HOST NETWORK', ConsulBed.thaw_agent),
    'leave': ('HOST NETWORK', ConsulBed.leave_agent),
    'lose-quorum': ('NETWORK', ConsulBed.lose_quorum),
    'restore-quorum': ('NETWORK', ConsulBed.restore_quorum),
}


def status(bed: ConsulBed) -> None:
    """Print each network's leader, and the health of each host there."""
    for network in NETWORKS:
        hosts = ' '.join(f'{host}={state}' for host, state in sorted(bed.health(network).items()))
        print(f'{network}: leader {bed.leader(network)}; {hosts or "no answer"}')


def events(bed: ConsulBed) -> None:
    """Print what the computes' handlers were given."""
    for run in bed.fired_events():
        print(f'{run.at:.3f} {run.host} {run.network} {[event.payload for event in run.events]}')


def execute(bed: ConsulBed, host: str, *argv: str) -> None:
    """Become a command on a host."""
    command = netns.inside(bed.namespace(host), host, argv)
    os.execvp(command[0], command)


def self_fence(bed: ConsulBed, host: str) -> None:
    """For a watch handler: read events from standard input, and power the host off if it is ordered to."""
    if ordered(sys.stdin.read(), host, time.time()):
        bed.poweroff(host)


COMMANDS |= {
    'status': ('', status),
    'events': ('', events),
    'exec': ('HOST COMMAND...', execute),
    'self-fence': ('HOST', self_fence),
}


def up(options: argparse.Namespace) -> None:
    """Bring a bed up, and say how long it took."""
    if reasons := requirements():
        raise BedError('; '.join(reasons))
    start = time.monotonic()
    ConsulBed(options.directory, options.arguments, prefix=options.prefix, profile=options.profile).up()
    print(f'up, and all passing, after {time.monotonic() - start:.1f} s')


def arguments() -> argparse.Namespace:
    """Read the command line."""
    usage = ''.join(f'\n  {name} {parameters}' for name, (parameters, _) in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog='python -m tests.beds.consul',
        description=__doc__,
        epilog=f'commands:\n  up COMPUTE...{usage}',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--directory', type=Path, default=Path(tempfile.gettempdir()) / 'hostha-consul-bed')
    parser.add_argument('--prefix', default='hb', help='up: of the names of the namespaces')
    parser.add_argument('--profile', default='tuned', choices=GOSSIP, help='up: gossip timings')
    parser.add_argument('command', choices=('up', *COMMANDS), metavar='command')
    parser.add_argument('arguments', nargs=argparse.REMAINDER)
    return parser.parse_args()


def main() -> None:
    """Do one command."""
    options = arguments()
    try:
        if options.command == 'up':
            up(options)
        else:
            COMMANDS[options.command][1](ConsulBed.load(options.directory), *options.arguments)
    except (BedError, ValueError, TypeError) as error:
        sys.exit(f'{options.command}: {error}')


if __name__ == '__main__':
    main()
