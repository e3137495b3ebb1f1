"""hostha: what an operator starts by hand."""

import argparse
import sys
from collections.abc import Sequence

from hostha.cmd import demo


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit status. argv: None for that of the process."""
    parser = argparse.ArgumentParser(prog='hostha', description='High availability of OpenStack compute hosts.')
    commands = parser.add_subparsers(dest='command', required=True)
    show = commands.add_parser('demo', help='see hosts die and their servers move, in a simulated cloud')
    show.add_argument('--keep', action='store_true', help='go on running at the end, for a look at the API')
    show.add_argument('--speed', type=float, default=8.0, help='simulated seconds in one real second (default: 8)')
    show.add_argument('--port', type=int, default=0, help='of the API (default: any free one)')
    arguments = parser.parse_args(argv)
    return demo.run(arguments.keep, arguments.speed, arguments.port)


if __name__ == '__main__':
    sys.exit(main())
