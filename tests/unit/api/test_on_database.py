"""The API on a real database: what a change of one field leaves alone."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import falcon
import pytest
from cryptography.fernet import Fernet
from falcon import testing

from hostha.api.app import create_app
from hostha.core.model import NETWORKS
from hostha.db import Database, open_database
from hostha.settings import ApiSettings, DatabaseSettings
from tests.unit.api.conftest import HOST, JSON, SECRET
from tests.unit.api.memory import StillClock

PATH = '/v1.0/hosts/node-1'

Opening = Callable[[str], Database]


@pytest.fixture
def opening(tmp_path: Path) -> Iterator[Opening]:
    """Opens the same database again and again, with or without a key file."""
    opened: list[Database] = []

    def _open(key_file: str) -> Database:
        opened.append(open_database(DatabaseSettings(f'sqlite:///{tmp_path}/hostha.sqlite', key_file)))
        opened[-1].upgrade()
        return opened[-1]

    yield _open
    for database in opened:
        database.close()


@pytest.fixture
def key_file(tmp_path: Path) -> str:
    path = tmp_path / 'keys'
    path.write_bytes(Fernet.generate_key())
    path.chmod(0o600)
    return str(path)


def client(database: Database) -> testing.TestClient:
    return testing.TestClient(create_app(database.registry, database.history, ApiSettings(), StillClock(), NETWORKS))


@pytest.mark.parametrize('change', [{}, {'ha_enabled': False}, {'addresses': {'tenant': '192.0.2.9'}}])
def test_secrets_survive_a_patch_by_an_api_that_cannot_read_them(opening: Opening, key_file: str, change: dict) -> None:
    before = opening(key_file)
    assert client(before).simulate_post('/v1.0/hosts', json=HOST).status_code == 201
    assert client(opening('')).simulate_patch(PATH, json=change).status_code == 200
    spec = before.registry.host('node-1').spec
    assert spec.fencing[0].secrets == {'username': 'admin', 'password': SECRET}
    assert (spec.ha_enabled, dict(spec.addresses)) == (
        change.get('ha_enabled', True), change.get('addresses', {'management': '192.0.2.1', 'storage': '2001:db8::1'}))


class Interrupted(io.BytesIO):
    """A body in the middle of which something else happens."""

    def __init__(self, body: bytes, happens: Callable[[], object]) -> None:
        super().__init__(body)
        self._happens = happens

    def read(self, size: int | None = -1) -> bytes:
        self._happens()
        return super().read(size)


def test_two_patches_at_once_lose_nothing(opening: Opening, key_file: str) -> None:
    database = opening(key_file)
    app = client(database)
    app.simulate_post('/v1.0/hosts', json=HOST)
    body = json.dumps({'ha_enabled': False}).encode()
    meanwhile = Interrupted(body, lambda: app.simulate_patch(PATH, json={'addresses': {}}))
    environ = testing.create_environ(method='PATCH', path=PATH, headers=JSON | {'Content-Length': str(len(body))})
    answer = testing.StartResponseMock()
    list(app.app(environ | {'wsgi.input': meanwhile}, answer))
    spec = database.registry.host('node-1').spec
    assert (answer.status, spec.ha_enabled, spec.addresses) == (falcon.HTTP_OK, False, {})
