"""[fencing]: how it is made sure that a lost host is off, for hosts that have no levels of their own."""

from pathlib import Path

from oslo_config import cfg

from hostha.conf.types import Pairs, Words, seconds
from hostha.core.fencing import POWER_LEVELS, check_levels
from hostha.core.model import LevelSpec
from hostha.exceptions import BadRequest, ConfigError

GROUP = 'fencing'

OPTS = [
    cfg.Opt('levels', type=Words(), default=('operator',),
            help='What is tried, in order, until the host is proven off: consul (asks the agent on the host over any network still up; '
                 'a later level has to prove it), ipmi (fence_ipmilan), redfish (fence_redfish), fence_agent (any fence_* program: see '
                 'agent), operator (waits for a confirmation through the API; always last). With the default no host is ever '
                 'powered off by hostha, and none evacuated before an operator has confirmed that it is off.'),
    cfg.StrOpt('agent', sample_default='fence_ipmilan', help='Fence program of the level fence_agent: its name on the PATH, or its path.'),
    cfg.Opt('agent_options', type=Pairs('='), default={}, sample_default='ip={host}-bmc,username=admin,lanplus=1',
            help='Options of the fence program of levels, as it takes them on its standard input. {host} stands for the name of the host. '
                 'A host whose options differ gets levels of its own through the API.'),
    cfg.StrOpt('agent_secrets_file',
               help='File with the secret options of the fence program (password=...), one a line; only its owner may have access to it.'),
    cfg.Opt('fence_timeout', type=seconds(1, 3600), default=60.0,
            help='Time limit of one level, from its order to the proof that the host is off, in seconds.'),
    cfg.Opt('fence_poll', type=seconds(0.1, 600), default=3.0, help='Time between two looks at the power of a host, in seconds.'),
]


def register(conf: cfg.ConfigOpts) -> None:
    """Make the options known to ``conf``."""
    conf.register_opts(OPTS, group=GROUP)


def levels(conf: cfg.ConfigOpts) -> tuple[LevelSpec, ...]:
    """The levels of hosts that have none of their own. Raises ConfigError if they cannot prove anything."""
    options = conf[GROUP]
    _one_program(options.levels)
    secrets = _secrets(options.agent_secrets_file) if options.agent_secrets_file else {}
    program = {'agent': options.agent} if options.agent else {}
    specs = tuple(LevelSpec(level, _options(level, options.agent_options, program), secrets if level in POWER_LEVELS else {})
                  for level in options.levels)
    try:
        check_levels(specs, trusted=True)
    except BadRequest as error:
        field, rule = next(iter(error.fields.items()))
        raise ConfigError(f'[{GROUP}] {_option(field)}', ', '.join(options.levels), rule) from None
    return specs


def _options(level: str, options: dict[str, str], program: dict[str, str]) -> dict[str, str]:
    if level not in POWER_LEVELS:
        return {}
    return {**options, **program} if level == 'fence_agent' else dict(options)


def _one_program(names: tuple[str, ...]) -> None:
    """agent_options and the secrets are those of one program."""
    if sum(name in POWER_LEVELS for name in names) > 1:
        raise ConfigError(f'[{GROUP}] levels', ', '.join(names),
                          f'at most one of {", ".join(POWER_LEVELS)}: agent_options are those of one program; '
                          'a host that has several gets levels of its own through the API')


def _option(field: str) -> str:
    """The option to blame for what check_levels() says of ``fencing[1].options.lanplus``."""
    where = field.split('.', 1)[-1]
    if where == 'options.agent':
        return 'agent'
    return {'options': 'agent_options', 'secrets': 'agent_secrets_file'}.get(where.split('.')[0], 'levels')


def _secrets(name: str) -> dict[str, str]:
    """The name=value lines of a file that nobody but its owner can read."""
    option, path = f'[{GROUP}] agent_secrets_file', Path(name)
    try:
        mode, text = path.stat().st_mode, path.read_text('utf-8')
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(option, name, f'it cannot be read: {error}') from None
    if mode & 0o077:
        raise ConfigError(option, name, f'its mode is {mode & 0o777:04o}: only its owner may have access, chmod 0600')
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith('#')]
    if not all('=' in line for line in lines):
        raise ConfigError(option, name, 'each line has to be name=value')
    return {key.strip(): value for key, _, value in (line.partition('=') for line in lines)}
