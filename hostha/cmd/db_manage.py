"""hostha-db-manage: makes the tables of hostha's database and brings them up to date.

    hostha-db-manage --config-file /etc/hostha/hostha.conf upgrade head

Of the configuration only the section [database] is read, so that it runs before anything else is configured.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from oslo_config import cfg

from hostha.conf import database as options
from hostha.conf.loading import CONFIG_FILE
from hostha.db import Database, migrate, open_database
from hostha.exceptions import HosthaError
from hostha.settings import DatabaseSettings


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit status: 0, or 1 if it failed or ``check`` found the tables out of date; the reason on stderr."""
    try:
        conf = _parse(sys.argv[1:] if argv is None else list(argv))
        # the key of the secrets is none of this program's business
        database = open_database(DatabaseSettings(options.settings(conf).connection))
    except (cfg.Error, HosthaError) as error:
        return _fail(error)
    try:
        conf.command.run(database, conf.command)
    except HosthaError as error:
        return _fail(error)
    finally:
        database.close()
    return 0


def _parse(argv: Sequence[str]) -> cfg.ConfigOpts:
    conf = cfg.ConfigOpts()
    options.register(conf)
    conf.register_cli_opt(cfg.SubCommandOpt('command', handler=_add_commands, title='commands'))
    conf(argv, project='hostha', default_config_files=[CONFIG_FILE], default_config_dirs=[], use_env=False)
    return conf


def _add_commands(commands: Any) -> None:
    _add(commands, 'upgrade', _upgrade, 'make the tables, or bring them up to a revision').add_argument(
        'revision', nargs='?', default='head', help='default: head')
    _add(commands, 'downgrade', _downgrade, 'take the tables back to a revision; base removes all of them').add_argument('revision')
    _add(commands, 'current', _current, 'print the revision of the tables')
    _add(commands, 'history', _history, 'print all revisions, newest first')
    _add(commands, 'check', _check, 'fail if the tables are not those that this hostha needs')


def _add(commands: Any, name: str, run: Any, words: str) -> ArgumentParser:
    parser: ArgumentParser = commands.add_parser(name, help=words, description=words)
    parser.set_defaults(run=run)
    return parser


def _upgrade(database: Database, arguments: Any) -> None:
    migrate.upgrade(database.transactions, arguments.revision)
    _current(database, arguments)


def _downgrade(database: Database, arguments: Any) -> None:
    migrate.downgrade(database.transactions, arguments.revision)
    _current(database, arguments)


def _current(database: Database, _: Any) -> None:
    print(migrate.current(database.transactions) or 'no tables')


def _history(_: Database, __: Any) -> None:
    print('\n'.join(migrate.history()))


def _check(database: Database, _: Any) -> None:
    database.check()
    print('up to date')


def _fail(error: Exception) -> int:
    print(f'hostha-db-manage: {error}', file=sys.stderr)
    return 1


if __name__ == '__main__':
    sys.exit(main())
