"""Every error has one shape, says what is wrong, and gives nothing away."""

import pytest

from hostha.exceptions import ConfigError, StoreUnavailable
from tests.unit.api.conftest import HOST, Api

PATHS = ['/', '/healthz', '/readyz', '/v1.0', '/v1.0/hosts', '/v1.0/hosts/node-1', '/v1.0/hosts/node-1/actions/retry',
         '/v1.0/hosts/node-1/orders', '/v1.0/orders/1', '/v1.0/incidents',
         '/v1.0/incidents/node-1.1', '/v1.0/incidents/node-1.1/transitions', '/v1.0/incidents/node-1.1/servers', '/v1.0/engines']


@pytest.mark.parametrize('path', ['/v1', '/v1.0/host', '/v1.0/hosts/a/b', '/v1.0/hosts/node-1/actions', '/%FF%00', '/v1.0/hosts/a%2Fb'])
def test_a_path_that_is_not_there(api: Api, path: str) -> None:
    assert api.call('GET', path).status_code == 404


@pytest.mark.parametrize('path', PATHS)
def test_a_method_that_is_not_allowed(api: Api, path: str) -> None:
    result = api.call('TRACE', path)
    assert result.status_code == 405
    assert ('POST' if 'actions' in path else 'GET') in result.headers['allow']


@pytest.mark.parametrize('path', [path for path in PATHS if 'actions' not in path])
def test_an_unknown_parameter_is_refused_everywhere(with_host: Api, path: str) -> None:
    assert set(with_host.refused('GET', path, query_string='colour=red')) == {'colour'}


def test_a_slash_at_the_end_is_no_other_path(with_host: Api) -> None:
    assert with_host.call('GET', '/v1.0/hosts/').json == with_host.call('GET', '/v1.0/hosts').json


def test_the_database_does_not_answer(with_host: Api, caplog: pytest.LogCaptureFixture) -> None:
    with_host.registry.down, with_host.history.fault = True, StoreUnavailable('gone')
    for method, path, body in [('GET', '/v1.0/hosts', None), ('POST', '/v1.0/hosts', HOST), ('DELETE', '/v1.0/hosts/node-1', None),
                               ('GET', '/v1.0/incidents', None), ('GET', '/readyz', None)]:
        result = with_host.call(method, path, body)
        assert (result.status_code, result.headers['retry-after']) == (503, '5')
        assert 'hunter2' not in result.text
    assert with_host.call('GET', '/healthz').status_code == 200
    assert 'GET /readyz: the database does not answer: gone' in caplog.text


def test_a_fault_goes_to_the_log_and_not_to_the_caller(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    api.history.fault = ZeroDivisionError('inner words')
    result = api.call('GET', '/v1.0/engines')
    assert result.status_code == 500
    assert 'inner' not in result.text and 'ZeroDivision' not in result.text
    mark = result.json['error']['message'].rsplit(' ', 1)[1]
    assert mark in caplog.text
    assert 'Traceback' in caplog.text and 'inner words' in caplog.text


def test_what_the_configuration_does_not_allow_is_said(api: Api) -> None:
    api.history.fault = ConfigError('[database] secret_key_file', '', 'needed to store secrets')
    result = api.call('GET', '/v1.0/engines')
    assert result.status_code == 409
    assert 'secret_key_file' in result.json['error']['message']
