"""The small documents, and any request at all: it is answered in JSON, never with a 5xx, and a refusal changes nothing."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.api.conftest import HOST, SECRET, Api


def test_version_documents(api: Api) -> None:
    version = {'id': 'v1.0', 'status': 'CURRENT', 'links': [{'rel': 'self', 'href': '/v1.0'}]}
    assert api.call('GET', '/').json == {'versions': [version]}
    assert api.call('GET', '/v1.0').json == {'version': version}


def test_health(api: Api) -> None:
    assert api.call('GET', '/healthz').json == {'status': 'alive'}
    assert api.call('GET', '/readyz').json == {'status': 'ready'}


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(['node-1', 'ipmi', '192.0.2.1', '\ud800'])
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
                      max_leaves=8)
FIELDS = st.sampled_from([*HOST, 'ha_enabled', 'reason', 'by', 'hostname'])
NEARLY = st.dictionaries(FIELDS, VALUES | st.sampled_from(list(HOST.values())), max_size=5)
LEVELS = st.lists(st.dictionaries(st.sampled_from(['level', 'options', 'secrets', 'x']), VALUES | st.just('ipmi'), max_size=4), max_size=3)
BODIES = st.one_of(
    st.binary(max_size=200),
    st.one_of(VALUES, NEARLY, NEARLY.map(lambda body: HOST | body), LEVELS.map(lambda levels: HOST | {'fencing': levels}))
    .map(lambda body: json.dumps(body).encode()))
CALLS = st.sampled_from([('POST', '/v1.0/hosts'), ('PUT', '/v1.0/hosts/node-1'), ('PATCH', '/v1.0/hosts/node-1'),
                         ('POST', '/v1.0/hosts/node-1/actions/maintenance')])


@settings(max_examples=400, deadline=None)
@given(CALLS, BODIES)
def test_any_body_is_answered(call: tuple[str, str], body: bytes) -> None:
    api = Api()
    api.call('POST', '/v1.0/hosts', HOST)
    before = list(api.registry.hosts()), list(api.registry.orders)
    result = api.call(*call, body)
    assert result.status_code in (200, 201, 202, 400, 409, 413), (result.status_code, result.text)
    assert SECRET not in result.text
    if result.status_code >= 400:
        assert (list(api.registry.hosts()), list(api.registry.orders)) == before


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(['/v1.0/hosts/', '/v1.0/incidents/', '/v1.0/']), st.text(max_size=20), st.text(max_size=20))
def test_any_path_and_query_is_answered(start: str, end: str, query: str) -> None:
    from urllib.parse import quote
    result = Api().call('GET', start + quote(end), query_string=quote(query, safe='=&%+'))
    assert result.status_code in (200, 400, 404), result.text
