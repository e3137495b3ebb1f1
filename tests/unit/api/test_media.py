"""Bodies are read strictly and within bounds."""

import io

import falcon
import pytest
from falcon import testing

from hostha.api.errors import Rejected
from hostha.api.media import Reader
from tests.unit.api.conftest import HOST, JSON, MAX_BODY, Api


def post(api: Api, body: bytes, headers: dict[str, str] | None = None) -> testing.Result:
    return api.call('POST', '/v1.0/hosts', body, headers=JSON if headers is None else headers)


@pytest.mark.parametrize('body', [
    b'', b'  \n', b'{', b'{"name": "a"} x', b"{'name': 'a'}", b'[]', b'"a"', b'null', b'7', b'{"name": NaN}', b'{"name": -Infinity}',
    b'\xff\xfe{', b'{"name": "\xe9"}', b'\xef\xbb\xbf{"name": "a"}', '{"name": "a"}'.encode('utf-16'),
    b'{"name": ' + b'[' * 5000, b'{"name": ' + b'1' * 5000 + b'}', b'\x00'])
def test_a_body_that_cannot_be_read(api: Api, body: bytes) -> None:
    result = post(api, body)
    assert result.status_code == 400
    assert set(result.json['error']['fields']) == {'body'}
    assert api.registry.hosts() == []


def test_a_key_given_twice_is_named(api: Api) -> None:
    result = post(api, b'{"name": "a", "fencing": [{"level": "ipmi", "level": "operator"}]}')
    assert (result.status_code, result.json['error']['fields']) == (400, {'level': 'it is given twice'})


@pytest.mark.parametrize('kind', [None, '', 'text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=gbk',
                                  'application/jsonp', 'application/merge-patch+json', ';'])
def test_another_content_type(api: Api, kind: str | None) -> None:
    result = post(api, b'{"name": "a"}', {} if kind is None else {'Content-Type': kind})
    assert (result.status_code, set(result.json['error']['fields'])) == (415, {'Content-Type'})
    assert api.registry.hosts() == []


@pytest.mark.parametrize('kind', ['application/json', 'Application/JSON; charset=UTF-8', 'application/json;charset="utf-8"'])
def test_json_by_any_spelling(api: Api, kind: str) -> None:
    assert post(api, b'{"name": "a"}', {'Content-Type': kind}).status_code == 201


def padded(size: int) -> bytes:
    body = b'{"name": "a"}'
    return body + b' ' * (size - len(body))


@pytest.mark.parametrize('size,status', [(MAX_BODY, 201), (MAX_BODY + 1, 413)])
def test_the_bound_is_exact(api: Api, size: int, status: int) -> None:
    result = post(api, padded(size))
    assert result.status_code == status
    assert len(api.registry.hosts()) == (status == 201)
    if status == 413:
        assert result.json['error']['fields'] == {'body': f'it may have at most {MAX_BODY} bytes'}


def request(stream: io.BytesIO, **environ) -> falcon.Request:
    made = testing.create_environ(method='POST', path='/v1.0/hosts', headers=JSON)
    made.pop('CONTENT_LENGTH', None)
    return falcon.Request(made | {'wsgi.input': stream} | environ)


def test_a_body_of_unknown_length_is_read_up_to_the_bound_only() -> None:
    stream = io.BytesIO(padded(10 * MAX_BODY))
    with pytest.raises(Rejected) as refused:
        Reader(MAX_BODY)(request(stream, **{'wsgi.input_terminated': True}))
    assert refused.value.status_code == 413
    assert stream.tell() == MAX_BODY + 1
    assert Reader(MAX_BODY)(request(io.BytesIO(padded(MAX_BODY)), **{'wsgi.input_terminated': True})) == {'name': 'a'}


def test_a_body_that_is_announced_too_large_is_not_read() -> None:
    stream = io.BytesIO(padded(10))
    with pytest.raises(Rejected):
        Reader(MAX_BODY)(request(stream, CONTENT_LENGTH=str(MAX_BODY + 1)))
    assert stream.tell() == 0


def test_nothing_beyond_the_announced_length_is_read() -> None:
    stream = io.BytesIO(b'{"name": "a"}GET / HTTP/1.1')
    assert Reader(MAX_BODY)(request(stream, CONTENT_LENGTH='13')) == {'name': 'a'}
    assert stream.tell() == 13


def test_a_server_that_cannot_tell_the_end_of_a_chunked_body() -> None:
    with pytest.raises(Rejected) as refused:
        Reader(MAX_BODY)(request(io.BytesIO(b'{}'), HTTP_TRANSFER_ENCODING='chunked'))
    assert refused.value.status_code == 411


@pytest.mark.parametrize('length', ['-1', 'ten', '1.5'])
def test_a_length_that_is_no_length(length: str) -> None:
    with pytest.raises(falcon.HTTPInvalidHeader):
        Reader(MAX_BODY)(request(io.BytesIO(b'{}'), CONTENT_LENGTH=length))


def test_what_is_accepted_is_what_was_sent(api: Api) -> None:
    assert api.call('POST', '/v1.0/hosts', HOST).json['name'] == 'node-1'


def test_a_field_whose_name_has_no_utf_8_form_is_named_all_the_same(api: Api) -> None:
    assert '\ud800' in api.refused('POST', '/v1.0/hosts', HOST | {'\ud800': 1})
