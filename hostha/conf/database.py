"""[database]: where hostha keeps its state, and TaskFlow's."""

from oslo_config import cfg

from hostha.settings import DatabaseSettings

GROUP = 'database'

OPTS = [
    cfg.StrOpt('connection', secret=True, default='sqlite:////var/lib/hostha/hostha.sqlite',
               help='URL of the database: SQLite, for one controller, or MariaDB/MySQL, which several engines can share: '
                    'mysql+pymysql://USER:PASSWORD@HOST/DATABASE'),
    cfg.StrOpt('secret_key_file', default='',
               help="Path of the file with the keys that encrypt the hosts' fencing secrets in the database: Fernet keys (44 characters "
                    'each), one a line, newest first; the first encrypts, all decrypt. Only its owner may have access to it. Without it '
                    'no host can be stored with secrets of its own. A key is made by: python3 -c '
                    "'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'"),
]


def register(conf: cfg.ConfigOpts) -> None:
    """Make the options known to ``conf``."""
    conf.register_opts(OPTS, group=GROUP)


def settings(conf: cfg.ConfigOpts) -> DatabaseSettings:
    """Where the database is, and the key of its secrets."""
    return DatabaseSettings(conf[GROUP].connection, conf[GROUP].secret_key_file)
