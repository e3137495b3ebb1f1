"""[api]: the API's server. Where it listens is in [DEFAULT]."""

from oslo_config import cfg

from hostha.conf import service
from hostha.conf.types import integer
from hostha.settings import ApiSettings

GROUP = 'api'

OPTS = [
    cfg.Opt('threads', type=integer(1, 256), default=8, help='Threads that answer requests.'),
    cfg.Opt('max_body', type=integer(1024, 16777216), default=65536, help='Size of a request beyond which it is refused, in bytes.'),
]


def register(conf: cfg.ConfigOpts) -> None:
    """Make the options known to ``conf``."""
    conf.register_opts(OPTS, group=GROUP)


def settings(conf: cfg.ConfigOpts) -> ApiSettings:
    """The API's server."""
    return ApiSettings(service.listen_address(conf), conf.port, conf[GROUP].threads, conf[GROUP].max_body)
