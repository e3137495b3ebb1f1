"""[nova]: the credentials of hostha in Keystone, and where Nova is. What is not given here is taken from [keystone_authtoken]."""

from typing import Any
from urllib.parse import urlsplit

from oslo_config import cfg

from hostha.conf import keystone_authtoken
from hostha.conf.types import boolean, choice, seconds
from hostha.exceptions import ConfigError
from hostha.settings import NovaSettings

GROUP = 'nova'

_OR = 'Unset: as in [keystone_authtoken].'

OPTS = [
    cfg.StrOpt('auth_url', help=f'URL of Keystone. {_OR}'),
    cfg.StrOpt('username', help=f'User of hostha; it needs the admin role. {_OR}'),
    cfg.StrOpt('password', secret=True, help=f'Password of that user. {_OR}'),
    cfg.StrOpt('project_name', help=f'Project of that user. {_OR}'),
    cfg.StrOpt('user_domain_name', help=f'Domain of that user. {_OR}'),
    cfg.StrOpt('project_domain_name', help=f'Domain of that project. {_OR}'),
    cfg.StrOpt('region_name', help='Region of Nova. Unset: region in [DEFAULT], else as in [keystone_authtoken].'),
    cfg.StrOpt('cafile', help=f'File with the CA certificates to trust. {_OR}'),
    cfg.Opt('insecure', type=boolean(), help=f'Whether to accept any certificate. {_OR}'),
    cfg.Opt('interface', default='public', help='Which endpoint of Nova is used.', type=choice(
        public='the one for everybody', internal='the one for services of the cloud', admin='the one for administrators')),
    cfg.Opt('timeout', type=seconds(1, 300), default=30.0, help='Time limit of one call to Keystone or Nova, in seconds.'),
]


def register(conf: cfg.ConfigOpts) -> None:
    """Make the options known to ``conf``."""
    conf.register_opts(OPTS, group=GROUP)


def settings(conf: cfg.ConfigOpts) -> NovaSettings:
    """The credentials. Raises ConfigError for one that neither section gives."""
    names = {option: _given(conf, option) for option in ('project_name', 'user_domain_name', 'project_domain_name')}
    return NovaSettings(
        _auth_url(conf), _needed(conf, 'username'), _needed(conf, 'password'),
        **{option: value for option, value in names.items() if value},
        region_name=conf[GROUP].region_name or conf.region or conf[keystone_authtoken.GROUP].region_name or None,
        interface=conf[GROUP].interface, cafile=_given(conf, 'cafile') or None,
        insecure=bool(_given(conf, 'insecure')), timeout=conf[GROUP].timeout)


def _given(conf: cfg.ConfigOpts, option: str) -> Any:
    """The option's value here, else in [keystone_authtoken]; None if neither has it."""
    here = conf[GROUP][option]
    return conf[keystone_authtoken.GROUP][option] if here is None else here


def _needed(conf: cfg.ConfigOpts, option: str) -> str:
    value = _given(conf, option)
    if not value:
        raise ConfigError(f'[{GROUP}] {option}', '', f'it is needed, here or in [{keystone_authtoken.GROUP}]')
    return value


def _auth_url(conf: cfg.ConfigOpts) -> str:
    old = conf[keystone_authtoken.GROUP]
    url = _given(conf, 'auth_url') or old.auth_uri or old.identity_uri or ''
    try:
        parts = urlsplit(url)
        legal = parts.scheme in ('http', 'https') and bool(parts.hostname) and parts.port != 0
    except ValueError:
        legal = False
    if not legal:
        raise ConfigError(f'[{GROUP}] auth_url', url,
                          f'an http or https URL of Keystone is needed, here or in [{keystone_authtoken.GROUP}]')
    return url
