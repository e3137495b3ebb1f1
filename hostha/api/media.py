"""JSON in and out: a request's body is read strictly and within bounds, an answer is plain ASCII."""

import json
from http import HTTPStatus
from typing import Any, NoReturn

import falcon
from falcon.media import JSONHandler

from hostha.api.errors import Rejected
from hostha.exceptions import BadRequest


def install(app: falcon.App) -> None:
    """Answer in ASCII JSON: an error may have to name a field that has no UTF-8 form, such as a lone surrogate."""
    app.resp_options.media_handlers[falcon.MEDIA_JSON] = JSONHandler(dumps=json.dumps)


class Reader:
    """Reads the bodies of requests. max_body: bytes that one may have."""

    def __init__(self, max_body: int) -> None:
        self._max_body = max_body

    def __call__(self, req: falcon.Request) -> dict[str, Any]:
        """The request's body, which has to be a JSON object.

        Raises Rejected for a wrong content type and for a body that is too long or of unknown length, BadRequest for one that is not
        a JSON object in UTF-8. Nothing beyond the bound is ever read.
        """
        _check_type(req.content_type)
        return _decode(self._raw(req))

    def _raw(self, req: falcon.Request) -> bytes:
        length = req.content_length
        if length is None and not req.env.get('wsgi.input_terminated'):
            if req.get_header('Transfer-Encoding'):
                raise Rejected(HTTPStatus.LENGTH_REQUIRED, 'Content-Length', 'the body has to be sent with its length')
            return b''
        if length is not None and length > self._max_body:
            raise self._too_large()
        # PEP 3333 lets the stream of some servers run past the body: never ask for more than was announced
        raw = req.stream.read(self._max_body + 1 if length is None else length)
        if len(raw) > self._max_body:
            raise self._too_large()
        return raw

    def _too_large(self) -> Rejected:
        return Rejected(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, 'body', f'it may have at most {self._max_body} bytes')


def _check_type(content_type: str | None) -> None:
    kind, parameters = falcon.parse_header(content_type or '')
    if kind.lower() != falcon.MEDIA_JSON or parameters.get('charset', 'utf-8').lower() != 'utf-8':
        raise Rejected(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, 'Content-Type', 'it has to be application/json, in UTF-8')


def _decode(raw: bytes) -> dict[str, Any]:
    if not raw.strip():
        raise _bad_body('it is empty; a JSON object is needed')
    try:
        value = json.loads(raw.decode(), object_pairs_hook=_unique, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise _bad_body(f'it is not UTF-8: wrong byte at {error.start}') from None
    except json.JSONDecodeError as error:
        raise _bad_body(f'it is not JSON: {error.msg} at line {error.lineno}, column {error.colno}') from None
    except (ValueError, RecursionError):
        raise _bad_body('it is not JSON that can be read: a number too long, or nesting too deep') from None
    if not isinstance(value, dict):
        raise _bad_body('it has to be a JSON object')
    return value


def _bad_body(words: str) -> BadRequest:
    return BadRequest('the body cannot be read', {'body': words})


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two values for one key: nobody can know which of them was meant."""
    known: dict[str, Any] = {}
    for key, value in pairs:
        if key in known:
            raise BadRequest('the body cannot be read', {key: 'it is given twice'})
        known[key] = value
    return known


def _no_constant(constant: str) -> NoReturn:
    raise _bad_body(f'{constant} is no JSON')
