"""The API over memory, and a client of it."""

import json
from typing import Any

import falcon
import pytest
from falcon import testing

from hostha.api.app import create_app
from hostha.core.model import NETWORKS
from hostha.settings import ApiSettings
from tests.unit.api.memory import MemoryHistory, MemoryRegistry, StillClock

SECRET = 'Tr0ub4dor-swordfish'
HOST = {'name': 'node-1', 'addresses': {'management': '192.0.2.1', 'storage': '2001:DB8::1'},
        'fencing': [{'level': 'ipmi', 'options': {'ip': '192.0.2.101'}, 'secrets': {'username': 'admin', 'password': SECRET}}]}
MAX_BODY = 8192
JSON = {'Content-Type': 'application/json'}


class Api:
    """A client of the API, with what lies behind it in reach."""

    def __init__(self) -> None:
        self.registry, self.history = MemoryRegistry(), MemoryHistory()
        self.app = create_app(self.registry, self.history, ApiSettings(max_body=MAX_BODY), StillClock(), NETWORKS)
        self.client = testing.TestClient(self.app)

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> testing.Result:
        """One request; ``body`` goes as JSON unless it is bytes. Every error has to have the one shape."""
        if body is not None:
            more.setdefault('headers', JSON)
            more['body'] = body if isinstance(body, bytes) else json.dumps(body).encode()
        result = self.client.simulate_request(method, path, **more)
        if result.status_code >= 400:
            assert_error(result)
        return result

    def refused(self, method: str, path: str, body: Any = None, **more: Any) -> dict[str, str]:
        """One request that has to be a bad one and to change nothing; returns the wrong fields."""
        before = list(self.registry.hosts()), list(self.registry.orders)
        result = self.call(method, path, body, **more)
        assert result.status_code == 400, result.text
        assert (list(self.registry.hosts()), list(self.registry.orders)) == before
        assert result.json['error']['fields']
        return result.json['error']['fields']


def assert_error(result: testing.Result) -> None:
    """The one shape of errors."""
    assert result.headers['content-type'] == falcon.MEDIA_JSON
    assert set(result.json) == {'error'}
    error = result.json['error']
    assert set(error) == {'code', 'title', 'message', 'fields'}
    assert error['code'] == result.status_code
    assert error['title'] and error['message']
    assert all(isinstance(words, str) and words for words in error['fields'].values())


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def with_host(api: Api) -> Api:
    assert api.call('POST', '/v1.0/hosts', HOST).status_code == 201
    return api
