"""Secrets of fencing levels in the database."""

import logging
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from hostha.core.model import HostSpec, LevelSpec
from hostha.db import open_database
from hostha.exceptions import ConfigError
from hostha.settings import DatabaseSettings

SPEC = HostSpec('alpha', fencing=(LevelSpec('ipmi', {'ip': '10.0.0.1'}, {'password': 'streng-geheim'}), LevelSpec('operator')))
BARE = HostSpec('alpha', fencing=(LevelSpec('ipmi', {'ip': '10.0.0.1'}), LevelSpec('operator')))


def _key_file(path: Path, *keys: bytes | str, mode: int = 0o600) -> str:
    path.write_text('# newest first\n\n' + ''.join(f'{key.decode() if isinstance(key, bytes) else key}\n' for key in keys))
    path.chmod(mode)
    return str(path)


@pytest.fixture
def opening(tmp_path):
    opened = []

    def _open(key_file: str = ''):
        opened.append(open_database(DatabaseSettings(f'sqlite:///{tmp_path}/x.sqlite', key_file)))
        opened[-1].upgrade()
        return opened[-1]

    yield _open
    for database in opened:
        database.close()


def test_secrets_come_back_and_are_not_in_the_file(opening, tmp_path) -> None:
    database = opening(_key_file(tmp_path / 'keys', Fernet.generate_key()))
    assert database.registry.create(SPEC).spec == SPEC
    assert database.store.specs() == [SPEC]
    database.close()
    files = list(tmp_path.glob('x.sqlite*'))
    assert any(b'10.0.0.1' in file.read_bytes() for file in files)
    assert not any(b'geheim' in file.read_bytes() or b'password' in file.read_bytes() for file in files)


def test_deleting_a_host_deletes_its_secrets(opening, tmp_path) -> None:
    database = opening(_key_file(tmp_path / 'keys', Fernet.generate_key()))
    database.registry.create(SPEC)
    database.registry.delete('alpha')
    with database.transactions.read() as connection:
        assert connection.exec_driver_sql('SELECT fencing FROM hosts').scalars().all() == ['[]']


def test_without_a_key_no_secret_is_stored(opening) -> None:
    database = opening()
    with pytest.raises(ConfigError, match=r'\[database\] secret_key_file') as caught:
        database.registry.create(SPEC)
    assert 'geheim' not in str(caught.value)
    assert database.store.specs() == []
    database.registry.create(BARE)
    with pytest.raises(ConfigError):
        database.registry.update('alpha', fencing=SPEC.fencing)
    assert database.store.specs() == [BARE]


@pytest.mark.parametrize('other_key', [False, True])
def test_without_the_right_key_hosts_are_listed_without_secrets(opening, tmp_path, caplog, other_key) -> None:
    opening(_key_file(tmp_path / 'keys', Fernet.generate_key())).registry.create(SPEC)
    database = opening(_key_file(tmp_path / 'others', Fernet.generate_key()) if other_key else '')
    with caplog.at_level(logging.WARNING):
        assert database.store.specs() == [BARE]
        assert database.registry.host('alpha').spec == BARE
    assert [record.levelname for record in caplog.records if record.name.startswith('hostha')] == ['WARNING']
    assert 'host=alpha' in caplog.text and 'secret_key_file' in caplog.text


def test_a_new_key_goes_first_and_old_ones_still_decrypt(opening, tmp_path) -> None:
    old, new = Fernet.generate_key(), Fernet.generate_key()
    opening(_key_file(tmp_path / 'keys', old)).registry.create(SPEC)
    database = opening(_key_file(tmp_path / 'keys', new, old))
    assert database.store.specs() == [SPEC]
    database.registry.update('alpha', fencing=SPEC.fencing)
    assert opening(_key_file(tmp_path / 'keys', new)).store.specs() == [SPEC]


@pytest.mark.parametrize('mode', [0o640, 0o604, 0o620, 0o601])
def test_a_key_file_that_is_open_to_others(tmp_path, mode) -> None:
    with pytest.raises(ConfigError, match='owner alone'):
        open_database(DatabaseSettings('sqlite://', _key_file(tmp_path / 'keys', Fernet.generate_key(), mode=mode)))


@pytest.mark.parametrize('line', ['', 'short', 'schlüssel', Fernet.generate_key().decode()[:-2]])
def test_a_key_file_without_good_keys(tmp_path, line) -> None:
    with pytest.raises(ConfigError, match='key') as caught:
        open_database(DatabaseSettings('sqlite://', _key_file(tmp_path / 'file', line)))
    assert not line or line not in str(caught.value)


def test_a_key_file_that_is_not_there(tmp_path) -> None:
    with pytest.raises(ConfigError, match='cannot be read'):
        open_database(DatabaseSettings('sqlite://', f'{tmp_path}/nothing'))
