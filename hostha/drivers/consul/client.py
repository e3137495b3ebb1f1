"""One Consul server on one network, asked over HTTP with py-consul; what goes wrong there becomes an error of ours here.

The calls go through the library's HTTP layer (measured with py-consul 1.8): its ``health`` calls ignore the consistency asked for, its
``agent`` calls send no token, its ``event.fire`` takes a 404 for a success, and none shows whether the cluster has a leader.
"""

import json
from dataclasses import dataclass
from typing import Any

import consul
import requests
from consul.base import Response
from consul.std import HTTPClient
from urllib3.exceptions import NewConnectionError

from hostha.exceptions import DriverError, OutcomeUnknown, Refused, Unavailable

CONNECT_TIMEOUT = 2.0
"""Seconds to connect; apart from the time limit of the answer, which grows with the wait of a blocking query."""

_EXCERPT = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """A decoded answer. index: for a blocking query, 0 if there is none. known_leader: the server knew its cluster's leader."""

    body: Any
    index: int
    known_leader: bool


class Server:
    """One Consul server on one network. May be used by several threads at once. timeout: seconds for one answer."""

    def __init__(self, address: str, port: int, *, timeout: float, token: str = '') -> None:
        self.name = f'{address}:{port}'
        self._client = _Client(address, port, timeout, token)

    def read(self, path: str, **parameters: str | int) -> Answer:
        """GET a path. Unavailable if this server cannot answer, Refused if it will not (4xx)."""
        try:
            return self._client.http.get(_decode, path, list(parameters.items()), self._client.prepare_headers())
        except _ERRORS as error:
            raise self._translated(error, f'read of {path}', Unavailable) from error

    def fire(self, event: str, payload: str, nodes: str) -> None:
        """Fire a user event. ``nodes``: a regular expression, not anchored, of the names of the nodes that are to take it.

        That Consul took it says nothing of its delivery. Unavailable if it was certainly not sent, Refused (4xx), OutcomeUnknown.
        """
        try:
            self._client.http.put(_decode, f'/v1/event/fire/{event}', [('node', nodes)], payload, self._client.prepare_headers())
        except _ERRORS as error:
            raise self._translated(error, f'event {event}', Unavailable if _never_sent(error) else OutcomeUnknown) from error

    def _translated(self, error: Exception, what: str, kind: type[DriverError]) -> DriverError:
        refused = isinstance(error, _BadStatus) and 400 <= error.code < 500
        return (Refused if refused else kind)(_words(error), driver='consul', operation=f'{what} at {self.name}')


class _Client(consul.Consul):
    """py-consul, deaf to the CONSUL_HTTP_* variables of the environment: each network has servers of its own."""

    def __init__(self, address: str, port: int, timeout: float, token: str) -> None:
        super().__init__(address, port, scheme='http', verify=True, connections_timeout=timeout)
        self.token = token or None

    def http_connect(self, host: str, port: int, scheme: str, verify: bool | str = True, cert: Any = None) -> HTTPClient:
        http = _Http(host, port, scheme, verify, cert, connections_timeout=self.connections_timeout)
        http.session.trust_env = False  # neither proxies nor netrc
        return http


class _Http(HTTPClient):
    def timeout(self, params: Any) -> tuple[float, float]:
        answer = super().timeout(params)
        return min(CONNECT_TIMEOUT, answer), answer


class _BadStatus(Exception):
    """Another HTTP status than 200."""

    def __init__(self, response: Response) -> None:
        super().__init__(f'{response.code} {" ".join(response.body[:_EXCERPT].split())}')
        self.code: int = response.code


_ERRORS = (_BadStatus, requests.RequestException, ValueError)


def _decode(response: Response) -> Answer:
    if response.code != 200:
        raise _BadStatus(response)
    headers = response.headers
    return Answer(json.loads(response.body), int(headers.get('X-Consul-Index', 0)), headers.get('X-Consul-KnownLeader') == 'true')


def _never_sent(error: Exception) -> bool:
    """Whether there was not even a connection over which to send anything."""
    cause = getattr(error.args[0], 'reason', None) if error.args else None
    return isinstance(error, requests.ConnectTimeout) or isinstance(cause, NewConnectionError)


def _words(error: Exception) -> str:
    """What went wrong. The words of requests are about its own objects, so here are others."""
    if isinstance(error, requests.ConnectTimeout):
        return 'no connection within the time limit'
    if isinstance(error, requests.Timeout):
        return 'no answer within the time limit'
    if isinstance(error, requests.ConnectionError):
        return 'cannot connect' if _never_sent(error) else 'the connection broke'
    if isinstance(error, json.JSONDecodeError):
        return 'the answer is no JSON'
    return str(error) or type(error).__name__
