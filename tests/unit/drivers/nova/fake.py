"""A Keystone and a Nova on one loopback port, that can be told to fail in every way in which networks and proxies do."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from hostha.settings import NovaSettings
from tests.unit.drivers.nova.state import NovaState, Reply

PASSWORD = 'a-secret-of-keystone'

Behaviour = Callable[['Handler', Callable[[], Reply]], None]
"""How a request is answered: by the handler; the callable carries the request out and returns the proper answer."""


@dataclass(frozen=True)
class Request:
    """A request as it came in."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    version: str


@dataclass
class Rule:
    """The next ``times`` requests of this method whose path holds ``part`` behave so."""

    method: str
    part: str
    behaviour: Behaviour
    times: int


class FakeCloud:
    """requests: all to Nova, in order. tokens: how many Keystone has given. nova_url: what its catalog says, None for nothing."""

    def __init__(self) -> None:
        self.state = NovaState()
        self.requests: list[Request] = []
        self.tokens = 0
        self.over = threading.Event()
        self.lock = threading.RLock()
        self.rules: list[Rule] = []
        self.server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.server.daemon_threads = True
        self.server.cloud = self  # type: ignore[attr-defined]
        self.url = f'http://127.0.0.1:{self.server.server_address[1]}'
        self.nova_url: str | None = f'{self.url}/compute/v2.1'

    def settings(self, timeout: float = 5.0) -> NovaSettings:
        return NovaSettings(f'{self.url}/identity', 'hostha', PASSWORD, timeout=timeout)

    def fail(self, method: str, part: str, behaviour: Behaviour, times: int = 1000) -> None:
        """From now on, these requests behave so."""
        self.rules.append(Rule(method, part, behaviour, times))

    def sent(self, method: str, part: str = '') -> list[Request]:
        """The requests to Nova of this method whose path holds ``part``."""
        return [request for request in self.requests if request.method == method and part in request.path]

    def behaviour(self, method: str, path: str) -> Behaviour:
        for rule in self.rules:
            if rule.method == method and rule.part in path and rule.times > 0:
                rule.times -= 1
                return rule.behaviour
        return properly

    def carry_out(self, request: Request) -> Reply:
        kind, _, rest = request.path.removeprefix('/compute/v2.1/').partition('/')
        state, get = self.state, request.method == 'GET'
        with self.lock:
            if kind == 'os-services':
                return state.list_services(request.query) if get else state.write_service(rest, request.body)
            if kind == 'os-migrations':
                return state.list_records(request.query)
            server, _, action = rest.partition('/')
            if action:
                return state.act(server, request.body)
            if not get:
                return state.delete_server(server)
            return state.list_servers(request.query) if server == 'detail' else state.show_server(server)

    def token(self) -> Reply:
        self.tokens += 1
        endpoints = [{'id': 'e', 'interface': 'public', 'region': 'RegionOne', 'region_id': 'RegionOne', 'url': self.nova_url}]
        catalog = [{'id': 's', 'type': 'compute', 'name': 'nova', 'endpoints': endpoints if self.nova_url else []}]
        return 201, {'token': {
            'methods': ['password'], 'expires_at': '2099-01-01T00:00:00.000000Z', 'issued_at': '2026-01-01T00:00:00.000000Z',
            'user': {'id': 'u', 'name': 'hostha', 'domain': {'id': 'default', 'name': 'Default'}}, 'catalog': catalog,
            'project': {'id': 'p', 'name': 'service', 'domain': {'id': 'default', 'name': 'Default'}}, 'roles': [], 'is_domain': False}}

    def versions(self) -> Reply:
        link = {'rel': 'self', 'href': f'{self.url}/identity/v3/'}
        return 300, {'versions': {'values': [{'id': 'v3.14', 'status': 'stable', 'links': [link]}]}}


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = 'HTTP/1.1'
    wbufsize = -1
    disable_nagle_algorithm = True

    def any_method(self) -> None:
        cloud: FakeCloud = self.server.cloud  # type: ignore[attr-defined]
        content = self.rfile.read(int(self.headers.get('Content-Length', 0)))
        where = urlsplit(self.path)
        request = Request(self.command, where.path, dict(parse_qsl(where.query)), json.loads(content or b'null'),
                          self.headers.get('OpenStack-API-Version', ''))
        if where.path.startswith('/identity'):
            proper = cloud.token if where.path.endswith('/auth/tokens') else cloud.versions
        else:
            cloud.requests.append(request)
            proper = lambda: cloud.carry_out(request)  # noqa: E731
        cloud.behaviour(self.command, where.path)(self, proper)

    do_GET = do_POST = do_PUT = do_DELETE = any_method

    def reply(self, status: int, body: Any, **headers: str) -> None:
        """JSON, or a page of HTML if the body is text."""
        content = b'' if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace('_', '-'), value)
        self.send_header('Content-Type', 'text/html' if isinstance(body, str) else 'application/json')
        self.send_header('X-Subject-Token', 'a-token')
        self.send_header('Content-Length', str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Nothing on the screen."""


def properly(handler: Handler, proper: Callable[[], Reply]) -> None:
    """As Nova does."""
    handler.reply(*proper())


def says(status: int, body: Any = None, **headers: str) -> Behaviour:
    """This answer; nothing is carried out."""
    return lambda handler, _: handler.reply(status, body, **headers)


def hangs(handler: Handler, _: Callable[[], Reply]) -> None:
    """No answer as long as the test lasts."""
    handler.server.cloud.over.wait(30)  # type: ignore[attr-defined]
    handler.close_connection = True


def redirects(handler: Handler, _: Callable[[], Reply]) -> None:
    """To itself."""
    handler.reply(303, None, Location=handler.server.cloud.url + handler.path)  # type: ignore[attr-defined]


def drops(handler: Handler, _: Callable[[], Reply]) -> None:
    """The connection ends without an answer."""
    handler.close_connection = True


def carries_out_and_drops(handler: Handler, proper: Callable[[], Reply]) -> None:
    """It is done; nobody learns it."""
    proper()
    handler.close_connection = True


def cuts(handler: Handler, proper: Callable[[], Reply]) -> None:
    """The answer ends in its middle."""
    status, body = proper()
    content = json.dumps(body).encode()
    handler.send_response(status)
    handler.send_header('Content-Length', str(len(content) + 100))
    handler.end_headers()
    handler.wfile.write(content)
    handler.close_connection = True


PAGE = '<html><body>We are back soon</body></html>'


@contextmanager
def fake_cloud() -> Iterator[FakeCloud]:
    """A cloud with three hosts and no servers, until the block ends."""
    cloud = FakeCloud()
    for host in ('compute-1', 'compute-2', 'compute-3'):
        cloud.state.add_host(host)
    thread = threading.Thread(target=cloud.server.serve_forever, kwargs={'poll_interval': 0.02}, daemon=True)
    thread.start()
    try:
        yield cloud
    finally:
        cloud.over.set()
        cloud.server.shutdown()
        cloud.server.server_close()
        thread.join(5)
