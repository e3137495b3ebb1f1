"""[database]."""

from oslo_config import cfg

from hostha.conf import database
from hostha.settings import DatabaseSettings


def _settings(tmp_path, text: str) -> DatabaseSettings:
    path = tmp_path / 'hostha.conf'
    path.write_text(text)
    conf = cfg.ConfigOpts()
    database.register(conf)
    conf(['--config-file', str(path)])
    return database.settings(conf)


def test_as_written(tmp_path) -> None:
    settings = _settings(tmp_path, '[database]\nconnection = mysql+pymysql://u:geheim@h/d\nsecret_key_file = /etc/hostha/keys\n')
    assert settings == DatabaseSettings('mysql+pymysql://u:geheim@h/d', '/etc/hostha/keys')
    assert 'geheim' not in repr(settings)


def test_an_embedded_database_unless_told_otherwise(tmp_path) -> None:
    assert _settings(tmp_path, '') == DatabaseSettings('sqlite:////var/lib/hostha/hostha.sqlite', '')


def test_the_connection_is_secret() -> None:
    assert [option.name for option in database.OPTS if option.secret] == ['connection']
