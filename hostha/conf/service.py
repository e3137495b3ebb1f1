"""[DEFAULT]: where the API listens. The names are those of old files: ``host`` and ``port`` are the API's."""

from ipaddress import ip_address

from oslo_config import cfg, types

from hostha.conf.types import Commented, choice, port

GROUP = 'DEFAULT'

OPTS = [
    cfg.Opt('host', type=Commented(types.HostAddress()), default='127.0.0.1',
            help='Address on which the API listens. As long as auth_strategy is "keystone" the API listens on loopback only. '
                 'With "noauth" any other address needs [api] allow_unauthenticated as well.'),
    cfg.Opt('port', type=port(), default=13306, help='TCP port on which the API listens.'),
    cfg.StrOpt('region', help='Region of Nova in the Keystone catalogue. Unset: the only one.'),
    cfg.Opt('auth_strategy', default='keystone', help='How callers of the API prove who they are.', type=choice(
        keystone='by a token; not enforced yet, and the API listens on loopback only as long as it is not',
        noauth='not at all: everybody who reaches the API may do everything')),
]


def register(conf: cfg.ConfigOpts) -> None:
    """Make the options known to ``conf``."""
    conf.register_opts(OPTS)


def listen_address(conf: cfg.ConfigOpts) -> str:
    """Where the API is to listen: the configured address, but loopback as long as requests cannot be authenticated."""
    if conf.auth_strategy == 'noauth' or loopback(conf.host):
        return conf.host
    return '127.0.0.1'


def warnings(conf: cfg.ConfigOpts) -> list[str]:
    """What an operator has to know about who can reach the API."""
    if conf.auth_strategy == 'keystone':
        return [f'auth_strategy = keystone is not enforced yet: requests to the API are not authenticated, so it listens on '
                f'{listen_address(conf)} only, whatever host = {conf.host} says']
    if not loopback(conf.host):
        return [f'auth_strategy = noauth: everybody who reaches {conf.host} port {conf.port} may do everything']
    return []


def loopback(host: str) -> bool:
    """Whether only this machine reaches what listens on ``host``."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == 'localhost'
