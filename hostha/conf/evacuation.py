"""[evacuation]: how the servers of a lost host are moved, and how a returned host is taken back."""

from oslo_config import cfg

from hostha.conf.types import integer, seconds

GROUP = 'evacuation'

OPTS = [
    cfg.Opt('evacuate_retry_count', type=integer(1, 100), default=3, help='Tries to evacuate one server.'),
    cfg.Opt('evacuate_retry_interval', type=seconds(0.1, 3600), default=10.0,
            help='Pause before the second try of a server, in seconds; grows by itself with each further one.'),
    cfg.Opt('max_parallel_evacuations', type=integer(1, 1000), default=10, help='Servers of one host that are evacuated at the same time.'),
    cfg.Opt('follow_interval', type=seconds(0.1, 300), default=2.0,
            help='Time between two looks at the servers of a host that is being evacuated, in seconds.'),
    cfg.Opt('readmit_timeout', type=seconds(10, 86400), default=600.0,
            help='Time for a host that is back to become fit for service, in seconds; then it is tried anew.'),
]


def register(conf: cfg.ConfigOpts) -> None:
    """Make the options known to ``conf``."""
    conf.register_opts(OPTS, group=GROUP)
