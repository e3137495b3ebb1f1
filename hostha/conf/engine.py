"""[engine]: one engine among the engines that share the hosts."""

import re
import socket

from oslo_config import cfg

from hostha.conf.types import integer, seconds
from hostha.exceptions import ConfigError
from hostha.settings import EngineSettings

GROUP = 'engine'

OPTS = [
    cfg.StrOpt('name', sample_default='<name of this machine>',
               help='Name of this engine, different from those of the other engines. Unset: the name of this machine.'),
    cfg.Opt('lease', type=seconds(3, 600), default=15.0,
            help='Time for which an engine that has died keeps its incidents from the other engines, in seconds.'),
    cfg.Opt('workers', type=integer(1, 256), default=16, help='Threads for calls to the outside.'),
    cfg.Opt('max_incidents', type=integer(1, 10000), default=1000, help='Incidents that this engine works on at the same time.'),
    cfg.Opt('max_claims', type=integer(1, 1000), default=10,
            help='Claims of an incident without any progress in between after which it goes to the operator instead of round and round.'),
]


def register(conf: cfg.ConfigOpts) -> None:
    """Make the options known to ``conf``."""
    conf.register_opts(OPTS, group=GROUP)


def settings(conf: cfg.ConfigOpts) -> EngineSettings:
    """This engine."""
    options = conf[GROUP]
    name = options.name or socket.gethostname()
    if not re.fullmatch(r'[A-Za-z0-9._-]{1,255}', name):
        raise ConfigError(f'[{GROUP}] name', name, '1 to 255 of A-Z a-z 0-9 . _ -')
    return EngineSettings(name, options.lease, options.workers, options.max_incidents, options.max_claims)
