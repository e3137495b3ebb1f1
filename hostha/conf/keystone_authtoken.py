"""[keystone_authtoken]: what of the usual section is read: the credentials that [nova] does not give. Its other options are legal."""

from oslo_config import cfg

from hostha.conf.types import boolean

GROUP = 'keystone_authtoken'

OPTS = [
    cfg.StrOpt('auth_url', help='URL of Keystone.'),
    cfg.StrOpt('auth_uri', help='URL of Keystone, if auth_url is not given.'),
    cfg.StrOpt('identity_uri', help='URL of Keystone, if neither auth_url nor auth_uri is given.'),
    cfg.StrOpt('username', help='User of hostha; it needs the admin role.'),
    cfg.StrOpt('password', secret=True, help='Password of that user.'),
    cfg.StrOpt('project_name', help='Project of that user.'),
    cfg.StrOpt('user_domain_name', help='Domain of that user.'),
    cfg.StrOpt('project_domain_name', help='Domain of that project.'),
    cfg.StrOpt('region_name', help='Region of Nova.'),
    cfg.StrOpt('cafile', help='File with the CA certificates to trust.'),
    cfg.Opt('insecure', type=boolean(), help='Whether to accept any certificate.'),
]


def register(conf: cfg.ConfigOpts) -> None:
    """Make the options known to ``conf``."""
    conf.register_opts(OPTS, group=GROUP)
