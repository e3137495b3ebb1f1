"""[api]: the API's server. Where it listens is in [DEFAULT]."""

from oslo_config import cfg

from hostha.conf import service
from hostha.conf.types import boolean, integer
from hostha.exceptions import ConfigError
from hostha.settings import ApiSettings

GROUP = 'api'

OPTS = [
    cfg.Opt('threads', type=integer(1, 256), default=8, help='Threads that answer requests.'),
    cfg.Opt('max_body', type=integer(1024, 16777216), default=65536, help='Size of a request beyond which it is refused, in bytes.'),
    cfg.Opt('allow_unauthenticated', type=boolean(), default=False,
            help='Whether it is meant that callers do not prove who they are where others than this machine may reach the API. Needed, '
                 'besides auth_strategy = noauth, on any address but the loopback and under any other WSGI server.'),
]


def register(conf: cfg.ConfigOpts) -> None:
    """Make the options known to ``conf``."""
    conf.register_opts(OPTS, group=GROUP)


def settings(conf: cfg.ConfigOpts) -> ApiSettings:
    """The API's server. ConfigError if it would be open to everybody and nobody has said that this is meant."""
    host = service.listen_address(conf)
    if not service.loopback(host):
        _check_that_it_is_meant(conf, f'[DEFAULT] host = {host} is not the loopback')
    return ApiSettings(host, conf.port, conf[GROUP].threads, conf[GROUP].max_body)


def check_other_server(conf: cfg.ConfigOpts) -> None:
    """ConfigError unless the API may be served where it is not hostha that chooses the address: that takes to be told twice."""
    where = 'another WSGI server listens wherever it likes'
    if conf.auth_strategy == 'keystone':
        raise ConfigError('[DEFAULT] auth_strategy', conf.auth_strategy,
                          f'it is not enforced yet, and {where}: noauth, and [api] allow_unauthenticated = true, if that is meant')
    _check_that_it_is_meant(conf, where)


def _check_that_it_is_meant(conf: cfg.ConfigOpts, where: str) -> None:
    if not conf[GROUP].allow_unauthenticated:
        raise ConfigError(f'[{GROUP}] allow_unauthenticated', 'false',
                          f'{where}, and auth_strategy = noauth: everybody who reaches the API may do everything; true if that is meant')
