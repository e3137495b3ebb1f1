"""All options of hostha, for ``load()`` and for oslo-config-generator."""

from types import ModuleType

from oslo_config import cfg
from oslo_log import log

from hostha.conf import api, compute_ha, database, engine, evacuation, fencing, keystone_authtoken, nova, service

MODULES: tuple[ModuleType, ...] = (service, compute_ha, fencing, evacuation, nova, keystone_authtoken, database, engine, api)
"""One module per option group, each with GROUP, OPTS and register(conf)."""

QUIET = ('alembic=INFO', 'novaclient=INFO', 'waitress=INFO')
"""Libraries whose debug lines drown those of hostha; taskflow is among those that oslo.log quietens by itself."""


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    """Group and options: the entry point of oslo.config.opts."""
    return [(module.GROUP, list(module.OPTS)) for module in MODULES]


def set_defaults() -> None:
    """The defaults that hostha changes in its libraries' options: the entry point of oslo.config.opts.defaults."""
    levels = log.get_default_log_levels()
    log.set_defaults(default_log_levels=[*levels, *(line for line in QUIET if line not in levels)])


def register(conf: cfg.ConfigOpts) -> None:
    """Make all options, and those of oslo.log, known to ``conf``."""
    set_defaults()
    log.register_options(conf)
    for module in MODULES:
        module.register(conf)
