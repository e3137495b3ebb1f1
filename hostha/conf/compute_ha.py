"""[compute_ha]: how the hosts are watched, when a loss is confirmed, and what it calls for."""

from oslo_config import cfg

from hostha.conf.types import Address, Listing, Pairs, Whole, boolean, choice, integer, seconds
from hostha.core.brakes import Limits
from hostha.core.model import NETWORKS
from hostha.core.policy import response_table
from hostha.exceptions import ConfigError
from hostha.settings import ConsulSettings, Judgement

GROUP = 'compute_ha'

CONSUL_PORT = 8500

OPTS = [
    cfg.Opt('host_check_method', type=choice(consul='one Consul cluster a network'), default='consul',
            help='What tells which hosts are alive.'),
    cfg.Opt('consul_servers', type=Listing(Listing(Address(), 'list of IP addresses'), 'list of lists of IP addresses'),
            sample_default="[['10.0.0.1', '10.1.0.1', '10.2.0.1'], ['10.0.0.2', '10.1.0.2', '10.2.0.2'], "
                           "['10.0.0.3', '10.1.0.3', '10.2.0.3']]",
            help='Has to be given. One inner list a controller: the addresses of its Consul agents on the management, the tenant and the '
                 'storage network; without the last one in a cloud with two networks.'),
    cfg.Opt('consul_ports', type=Listing(Whole(min=1), 'list of port numbers'), sample_default='[8500, 8500, 8500]',
            help=f'HTTP port of the Consul agents, one a network. Unset: {CONSUL_PORT} on each.'),
    cfg.StrOpt('consul_token', default='', secret=True, help='ACL token for Consul. Empty: none.'),
    cfg.Opt('consul_timeout', type=seconds(0.5, 60), default=5.0, help='Time limit of one call to a Consul agent, in seconds.'),
    cfg.Opt('host_check_interval', type=seconds(0.5, 3600), default=10.0,
            help='Time between two checks of a host that looks lost, in seconds.'),
    cfg.Opt('host_check_retry', type=integer(2, 100), default=3, help='Checks in a row that have to find a loss before it counts.'),
    cfg.Opt('responses', type=Pairs(':'), default={}, sample_default='101:withdraw,011:notify',
            help='What is done for a pattern of networks (management, tenant, storage; 1 up, 0 down), where it is not to be the default: '
                 'pattern:response pairs; responses are none, notify, withdraw (no new servers on it) and fence (then evacuate).'),
    cfg.Opt('max_evacuation', type=integer(1, 10000), default=3,
            help='Hosts that may be lost at once. If more are, none of them is fenced: it is not the hosts that have failed then.'),
    cfg.Opt('multiple_recovery', type=boolean(), default=True,
            help='Whether a recovery that failed is tried again, up to recovery_attempts times in all.'),
    cfg.Opt('recovery_attempts', type=integer(1, 100), default=3,
            help='Tries of fencing, and of evacuating, before an operator is needed. Has no effect without multiple_recovery.'),
    cfg.Opt('recovery_pause', type=seconds(0.1, 3600), default=10.0,
            help='Pause before the second try, in seconds; doubles with each further one.'),
]


def register(conf: cfg.ConfigOpts) -> None:
    """Make the options known to ``conf``."""
    conf.register_opts(OPTS, group=GROUP)


def judgement(conf: cfg.ConfigOpts) -> Judgement:
    """How a loss is confirmed and what it calls for."""
    options, networks = conf[GROUP], _networks(conf)
    try:
        responses = response_table(len(networks), options.responses)
    except ConfigError as error:
        raise ConfigError(f'[{GROUP}] responses', error.value, error.rule) from None
    return Judgement(networks, options.host_check_interval, options.host_check_retry, responses, Limits(options.max_evacuation))


def consul(conf: cfg.ConfigOpts) -> ConsulSettings:
    """Where Consul is, by network."""
    networks = _networks(conf)
    ports = _ports(conf, networks)
    return ConsulSettings(
        {network: tuple((controller[index], port) for controller in conf[GROUP].consul_servers)
         for index, (network, port) in enumerate(zip(networks, ports, strict=True))},
        conf[GROUP].consul_timeout, conf[GROUP].consul_token)


def attempts(conf: cfg.ConfigOpts) -> int:
    """Tries of fencing, and of evacuating, in all."""
    return conf[GROUP].recovery_attempts if conf[GROUP].multiple_recovery else 1


def _networks(conf: cfg.ConfigOpts) -> tuple[str, ...]:
    """The networks of this cloud: two, or three; the same of each controller."""
    if not conf[GROUP].consul_servers:
        raise ConfigError(f'[{GROUP}] consul_servers', '', 'it has to be given')
    counts = sorted({len(controller) for controller in conf[GROUP].consul_servers})
    if len(counts) > 1 or counts[0] not in (2, 3):
        raise ConfigError(f'[{GROUP}] consul_servers', f'lists of {" and ".join(map(str, counts))}',
                          'each controller has two addresses (management, tenant) or three (and storage), all controllers alike')
    return NETWORKS[:counts[0]]


def _ports(conf: cfg.ConfigOpts, networks: tuple[str, ...]) -> tuple[int, ...]:
    ports = conf[GROUP].consul_ports or (CONSUL_PORT,) * len(networks)
    if len(ports) != len(networks):
        raise ConfigError(f'[{GROUP}] consul_ports', list(ports), f'one port for each of the {len(networks)} networks')
    return ports
