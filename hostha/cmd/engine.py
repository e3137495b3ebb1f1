"""hostha-engine: watches the hosts and recovers the lost ones.

    hostha-engine --config-file /etc/hostha/hostha.conf
    hostha-engine --config-file /etc/hostha/hostha.conf --check
"""

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import closing

from oslo_config import cfg
from oslo_log import log as logging

from hostha.cmd.wiring import production_engine
from hostha.conf import describe, load, start_logging, warnings
from hostha.db import Database, open_database
from hostha.engine.service import Engine
from hostha.exceptions import ConfigError, StoreUnavailable

LOG = logging.getLogger(__name__)

CLI = (cfg.BoolOpt('check', default=False, help='Check the whole configuration, say what would be watched and done, and end. '
                                               'Nothing is connected to. The exit status is 0 if all is well, 1 if not.'),)


def main(argv: Sequence[str] | None = None) -> int:
    """Work until SIGTERM or SIGINT. argv: None for that of the process. Returns the exit status: 1, with the reason on stderr, if
    it could not start."""
    try:
        conf, settings = load(argv, cli=CLI)
        if conf.check:
            print('\n'.join([*describe(settings), *(f'warning: {words}' for words in warnings(conf))]))
            return 0
        database = open_database(settings.database, settings.engine.lease)
        start_logging(conf)
        with closing(database):
            _check(database)
            return _serve(production_engine(settings, database))
    except ConfigError as error:
        print(f'hostha-engine: {error}', file=sys.stderr)
        return 1


def _serve(engine: Engine) -> int:
    """Work until a signal comes. The handler takes no lock: it only writes to a pipe, which this thread reads."""
    ended, end = os.pipe()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os.write(end, b'.'))
    engine.start()
    engine.run_in_thread()
    os.read(ended, 1)
    engine.stop()
    return 0


def _check(database: Database) -> None:
    """Refuse tables of another version. A database that is away may come back: until then everything is put off."""
    try:
        database.check()
    except StoreUnavailable as error:
        LOG.warning('the database does not answer yet: %s', error)


if __name__ == '__main__':
    sys.exit(main())
