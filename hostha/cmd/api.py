"""hostha-api: the REST API, on a server of its own (``main``) or under another WSGI server (``application``).

    hostha-api --config-file /etc/hostha/hostha.conf
    HOSTHA_CONFIG_FILE=/etc/hostha/hostha.conf gunicorn --bind 127.0.0.1:13306 hostha.cmd.api:application

Where another server listens is its own affair: [DEFAULT] host and port have no effect on it. As long as requests are not authenticated
``application`` is therefore refused, unless the configuration says twice that this is meant: see conf.api.check_other_server().
"""

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import closing
from functools import cache
from types import FrameType
from typing import Any

import falcon
import waitress.server
from oslo_log import log as logging

from hostha.api.app import create_app
from hostha.conf import api as options
from hostha.conf import load, start_logging
from hostha.conf.loading import CONFIG_FILE
from hostha.db import Database, open_database
from hostha.drivers.clock import SystemClock
from hostha.exceptions import ConfigError, StoreUnavailable
from hostha.settings import ApiSettings, Settings

LOG = logging.getLogger(__name__)

application: falcon.App
"""The API for any WSGI server. The configuration, from HOSTHA_CONFIG_FILE or /etc/hostha/hostha.conf, is read when the server asks this
module for it, as it starts; ConfigError if it is wrong or does not allow it. No import of this module reads anything."""


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT. argv: None for that of the process. Returns the exit status: 1, with the reason on stderr, if it
    could not start."""
    try:
        conf, settings = load(argv)
        database = open_database(settings.database)
        start_logging(conf)
        with closing(database):
            _check(database)
            return serve(_app(settings, database), settings.api)
    except ConfigError as error:
        return _give_up(error)


def serve(app: falcon.App, settings: ApiSettings) -> int:
    """Serve ``app`` on waitress until SIGTERM or SIGINT; requests under way are ended first (5 s at most)."""
    try:
        server = make_server(app, settings)
    except (OSError, ValueError) as error:
        return _give_up(f'cannot listen on {settings.host} port {settings.port}: {error}')
    signal.signal(signal.SIGTERM, _stop)
    LOG.info('the API listens on %s port %s', settings.host, settings.port)
    server.run()
    LOG.info('the API has stopped')
    return 0


def make_server(app: falcon.App, settings: ApiSettings) -> Any:
    """A waitress server for ``app``, bound. It reads whole requests before it gives them to a thread: slow senders cost none.

    Its own bound on bodies answers in plain text, so that it lies far above that of the API, which answers in JSON.
    """
    return waitress.server.create_server(
        app, host=settings.host, port=settings.port, threads=settings.threads, ident='hostha',
        max_request_body_size=16 * settings.max_body, connection_limit=500, channel_timeout=30, asyncore_use_poll=True)


def __getattr__(name: str) -> falcon.App:
    if name != 'application':
        raise AttributeError(f'module {__name__} has no attribute {name}')
    return _for_another_server()


@cache
def _for_another_server() -> falcon.App:
    conf, settings = load(['--config-file', os.environ.get('HOSTHA_CONFIG_FILE', CONFIG_FILE)])
    start_logging(conf)
    try:
        options.check_other_server(conf)
    except ConfigError as error:
        LOG.critical('the API is not served: %s', error)
        raise
    LOG.warning('everybody who reaches the WSGI server that this API runs under may do everything')
    return _app(settings, open_database(settings.database))


def _app(settings: Settings, database: Database) -> falcon.App:
    return create_app(database.registry, database.history, settings.api, SystemClock(), settings.judgement.networks)


def _check(database: Database) -> None:
    """Refuse tables of another version. A database that is away may come back: until then every request is answered with 503."""
    try:
        database.check()
    except StoreUnavailable as error:
        LOG.warning('the database does not answer yet: %s', error)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    """Waitress ends its loop in good order on SystemExit."""
    raise SystemExit(0)


def _give_up(why: object) -> int:
    print(f'hostha-api: {why}', file=sys.stderr)
    return 1
