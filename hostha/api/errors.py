"""The one shape of every error: ``{"error": {"code", "title", "message", "fields": {field: what is wrong, what would be right}}}``."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import falcon
from oslo_log import log as logging

from hostha.exceptions import BadRequest, ConfigError, Conflict, NotFound, StoreUnavailable

LOG = logging.getLogger(__name__)

RETRY_AFTER = 5
"""Seconds after which a caller may try again when the database did not answer."""

_STATUS: Mapping[type[Exception], HTTPStatus] = {
    BadRequest: HTTPStatus.BAD_REQUEST,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    ConfigError: HTTPStatus.CONFLICT,
}


class Rejected(falcon.HTTPError):
    """A request refused for its form before its content was looked at: which part of it (``field``), and what would be right."""

    def __init__(self, status: HTTPStatus, field: str, words: str) -> None:
        super().__init__(status, description=f'{field}: {words}')
        self.fields = {field: words}


def install(app: falcon.App) -> None:
    """Make every error of ``app`` leave in the one shape."""
    app.set_error_serializer(_of_http)
    for kind in _STATUS:
        app.add_error_handler(kind, _of_hostha)
    app.add_error_handler(StoreUnavailable, _of_store)
    app.add_error_handler(Exception, _of_surprise)


def _write(resp: falcon.Response, status: int, message: str, fields: Mapping[str, str] | None = None) -> None:
    resp.status = status
    resp.media = {'error': {'code': status, 'title': HTTPStatus(status).phrase, 'message': message, 'fields': dict(fields or {})}}


def _of_http(req: falcon.Request, resp: falcon.Response, error: falcon.HTTPError) -> None:
    """Errors of falcon itself, such as a path without a route. The headers (Allow, ...) are set already."""
    words = error.description or HTTPStatus(error.status_code).description or HTTPStatus(error.status_code).phrase
    _write(resp, error.status_code, f'{req.method} {req.path}: {words}', getattr(error, 'fields', None))


def _of_hostha(_req: falcon.Request, resp: falcon.Response, error: Exception, _params: dict[str, Any]) -> None:
    status = next(status for kind, status in _STATUS.items() if isinstance(error, kind))
    _write(resp, status, str(error), getattr(error, 'fields', None))


def _of_store(req: falcon.Request, resp: falcon.Response, error: Exception, _params: dict[str, Any]) -> None:
    LOG.warning('%s %s: the database does not answer: %s', req.method, req.path, error)
    resp.set_header('Retry-After', str(RETRY_AFTER))
    _write(resp, HTTPStatus.SERVICE_UNAVAILABLE, 'the database does not answer; nothing was changed')


def _of_surprise(req: falcon.Request, resp: falcon.Response, error: Exception, _params: dict[str, Any]) -> None:
    """A fault of hostha. What it is goes to the log; the caller gets a mark to find it there by."""
    mark = uuid4().hex[:12]
    LOG.error('%s %s: unexpected error %s', req.method, req.path, mark, exc_info=error)
    _write(resp, HTTPStatus.INTERNAL_SERVER_ERROR, f'unexpected error; the log of hostha-api has it as {mark}')
