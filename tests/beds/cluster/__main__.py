"""``python -m tests.beds.cluster --directory DIRECTORY COMMAND HOST``: a host of a cluster that is up, by hand or by its handler."""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.beds.cluster.cluster import Cluster
from tests.beds.cluster.self_fence import booted, ordered
from tests.beds.command import BedError


def self_fence(directory: Path, host: str) -> None:
    """For a watch handler: read events from standard input, and power the host off if it is ordered to."""
    if ordered(sys.stdin.read(), host, booted(directory, host), time.time()):
        Cluster.of(directory).power_off(host)


def status(directory: Path, host: str) -> None:
    """Say whether the host lives."""
    print('on' if Cluster.of(directory).alive(host) else 'off')


COMMANDS: dict[str, Callable[[Path, str], None]] = {
    'power-off': lambda directory, host: Cluster.of(directory).power_off(host),
    'power-on': lambda directory, host: Cluster.of(directory).power_on(host),
    'status': status,
    'self-fence': self_fence,
}


def main() -> None:
    """Do one command."""
    parser = argparse.ArgumentParser(prog='python -m tests.beds.cluster', description=__doc__)
    parser.add_argument('--directory', type=Path, required=True)
    parser.add_argument('command', choices=COMMANDS)
    parser.add_argument('host')
    options = parser.parse_args()
    try:
        COMMANDS[options.command](options.directory, options.host)
    except (BedError, ValueError) as error:
        sys.exit(f'{options.command}: {error}')


if __name__ == '__main__':
    main()
