"""What is done with the configuration when a program starts."""

from oslo_config import cfg
from oslo_log import log

from hostha.conf import fencing, keystone_authtoken, opts, sections, service
from hostha.core.fencing import program
from hostha.drivers.fencing.fence_agent import installed

LOG = log.getLogger(__name__)

_SHARED = ('DEFAULT', keystone_authtoken.GROUP, 'database')
"""Sections that other software's options may stand in as well."""


def start_logging(conf: cfg.ConfigOpts) -> None:
    """Begin to log as configured, first of all what an operator should look into."""
    log.setup(conf, 'hostha')
    for words in warnings(conf):
        LOG.warning('%s', words)


def warnings(conf: cfg.ConfigOpts) -> list[str]:
    """What is legal but hardly meant, one sentence each."""
    return [*service.warnings(conf), *_without_effect(conf), *_without_power(conf), *_without_program(conf)]


def _without_effect(conf: cfg.ConfigOpts) -> list[str]:
    known = {group: {name for option in options for name in (option.name, option.dest)}
             for group, options in opts.list_opts() if group not in _SHARED}
    return [f'{option} does not exist and has no effect' for option in sections.unknown(sections.written(conf), known)]


def _without_power(conf: cfg.ConfigOpts) -> list[str]:
    if tuple(conf.fencing.levels) == ('operator',):
        return ['[fencing] levels = operator: a lost host that has no levels of its own is not powered off, and none of its servers is '
                'evacuated, before an operator has confirmed through the API that it is off']
    return []


def _without_program(conf: cfg.ConfigOpts) -> list[str]:
    names = [program(spec) for spec in fencing.levels(conf) if program(spec)]
    return [f'[fencing] levels: {name} is not installed here; no host can be proven off by it' for name in names if not installed(name)]
