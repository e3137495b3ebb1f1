"""Reading the configuration: once, into frozen settings, with every value and every relation checked."""

import os
from collections.abc import Iterator, Sequence

from oslo_config import cfg

from hostha.conf import api, compute_ha, database, engine, fencing, nova, opts, relations, sections
from hostha.exceptions import ConfigError
from hostha.settings import Recovery, Settings

CONFIG_FILE = '/etc/hostha/hostha.conf'
"""What is read if no --config-file is given."""


def load(argv: Sequence[str] | None = None, *, cli: Sequence[cfg.Opt] = ()) -> tuple[cfg.ConfigOpts, Settings]:
    """Read the configuration that the command line ``argv`` names; None: that of this process.

    cli: further options of the command line, to be found in the ConfigOpts that is returned. Environment variables have no effect.
    Raises ConfigError with the option, its value and the rule that it breaks. oslo.config itself says what is wrong with a command line
    and with an option that may stand there too (debug), and ends the process.
    """
    conf = cfg.ConfigOpts()
    opts.register(conf)
    conf.register_cli_opts(cli)
    _parse(conf, argv)
    _check_values(conf)
    settings = _settings(conf)
    relations.check(settings)
    return conf, settings


def _parse(conf: cfg.ConfigOpts, argv: Sequence[str] | None) -> None:
    # oslo.config does not say in which file it met a byte that is no text, and takes a section that stands there twice
    for path in filter(os.path.exists, sections.named(argv, CONFIG_FILE)):
        sections.read(path)
    try:
        conf(argv, project='hostha', default_config_files=[CONFIG_FILE], default_config_dirs=[], use_env=False)
    except (cfg.Error, OSError, UnicodeDecodeError) as error:
        raise ConfigError('--config-file', ', '.join(sections.named(argv, CONFIG_FILE)), str(error)) from None


def _check_values(conf: cfg.ConfigOpts) -> None:
    """oslo.config looks at a value when it is asked for: ask for all."""
    written = sections.written(conf)
    secret = {(group, option.dest) for group, options in opts.list_opts() for option in options if option.secret}
    for group, name in _names(conf):
        try:
            _ = conf[name] if group == 'DEFAULT' else conf[group][name]
        except (cfg.Error, ValueError) as error:
            hidden = (group, name) in secret
            value = '***' if hidden else written.get(group, {}).get(name, '')
            raise ConfigError(f'[{group}] {name}', value, _rule(error, hidden)) from None


def _names(conf: cfg.ConfigOpts) -> Iterator[tuple[str, str]]:
    """Group and name of every option."""
    ours = {group for group, _ in opts.list_opts()} - {'DEFAULT'}
    yield from (('DEFAULT', name) for name in conf if name not in ours)
    yield from ((group, name) for group in sorted(ours) for name in conf[group])


def _rule(error: Exception, hidden: bool) -> str:
    if isinstance(error, cfg.TemplateSubstitutionError | cfg.NoSuchOptError):
        return '$ refers to another option; a $ that is meant as such is written $$'
    return 'it is not valid' if hidden else str(error).rsplit('is not valid: ', maxsplit=1)[-1]


def _settings(conf: cfg.ConfigOpts) -> Settings:
    return Settings(compute_ha.judgement(conf), _recovery(conf), engine.settings(conf), compute_ha.consul(conf), nova.settings(conf),
                    database.settings(conf), api.settings(conf))


def _recovery(conf: cfg.ConfigOpts) -> Recovery:
    move = conf.evacuation
    return Recovery(
        recovery_attempts=compute_ha.attempts(conf), recovery_pause=conf.compute_ha.recovery_pause, levels=fencing.levels(conf),
        fence_timeout=conf.fencing.fence_timeout, fence_poll=conf.fencing.fence_poll,
        evacuate_retry_count=move.evacuate_retry_count, evacuate_retry_interval=move.evacuate_retry_interval,
        max_parallel_evacuations=move.max_parallel_evacuations, follow_interval=move.follow_interval, readmit_timeout=move.readmit_timeout)
