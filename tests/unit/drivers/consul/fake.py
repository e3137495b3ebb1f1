"""A Consul cluster on the loopback: several HTTP servers that answer as Consul 1.8 was measured to, and that fail as told."""

import json
import re
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from hostha.settings import ConsulSettings

ALIVE, LEAVING, LEFT, FAILED = 1, 2, 3, 4
HANGS = 'hangs'

FAULTS: Mapping[str, tuple[int, dict[str, str], str]] = {
    'no leader': (500, {}, 'No cluster leader'),
    'leader died': (500, {}, 'rpc error making call: EOF'),
    'unknown token': (403, {}, 'ACL not found'),
    'weak token': (403, {}, 'Permission denied'),
    'not there': (404, {}, 'page not found'),
    'other service': (200, {'X-Consul-KnownLeader': 'true', 'X-Consul-Index': '5'}, '<html><body>It works!</body></html>'),
    'truncated': (200, {'X-Consul-KnownLeader': 'true', 'X-Consul-Index': '5'}, '[{"Node": "compute-1", "Chec'),
    'wrong shape': (200, {'X-Consul-KnownLeader': 'true', 'X-Consul-Index': '5'}, '{"Node": "compute-1"}'),
    'wrong items': (200, {'X-Consul-KnownLeader': 'true', 'X-Consul-Index': '5'}, '[17]'),
    'null': (200, {'X-Consul-KnownLeader': 'true', 'X-Consul-Index': '5'}, 'null'),
    'bad index': (200, {'X-Consul-KnownLeader': 'true', 'X-Consul-Index': 'many'}, '[]'),
    'isolated': (200, {'X-Consul-KnownLeader': 'false', 'X-Consul-LastContact': '25033', 'X-Consul-Index': '5'}, '[]'),
}
"""What a server may answer instead of the truth."""


@dataclass
class Node:
    """One host in the cluster. passing: None for no check at all."""

    address: str
    status: int = ALIVE
    passing: bool | None = True
    server: bool = False


@dataclass(frozen=True)
class Request:
    """One request as it came in."""

    method: str
    path: str
    parameters: dict[str, str]
    token: str | None
    body: str


class FakeCluster:
    """One network's cluster: three servers, a member list, an index that grows with each change."""

    def __init__(self, servers: int = 3) -> None:
        self.nodes: dict[str, Node] = {}
        self.requests: list[Request] = []
        self.events: list[Request] = []
        self.other_checks: list[dict[str, str]] = []
        self.leader, self.cleans_up = True, True
        self.index = 10
        self.changed = threading.Condition()
        self.closing = threading.Event()
        self.servers = [FakeServer(self) for _ in range(servers)]

    def __enter__(self) -> 'FakeCluster':
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.closing.set()
        self.change()
        for server in self.servers:
            server.close()

    @property
    def addresses(self) -> tuple[tuple[str, int], ...]:
        return tuple(server.address for server in self.servers)

    def change(self, index: int | None = None) -> None:
        """Something about the checks has changed."""
        with self.changed:
            self.index = self.index + 1 if index is None else index
            self.changed.notify_all()

    def set(self, host: str, **state: Any) -> None:
        """Change a node, and say so."""
        for name, value in state.items():
            setattr(self.nodes[host], name, value)
        self.change()

    def fail(self, fault: str) -> None:
        """Let all servers fail in the same way; '' ends it."""
        for server in self.servers:
            server.fault = fault

    def count(self, path: str) -> int:
        """The number of requests for a path so far."""
        return sum(request.path == path for request in self.requests)

    def settings(self, timeout: float = 0.5, token: str = '') -> ConsulSettings:
        """Of a driver that watches this network alone."""
        return settings({'management': self}, timeout, token)


def settings(clusters: Mapping[str, FakeCluster], timeout: float = 0.5, token: str = '') -> ConsulSettings:
    """Of a driver that watches these networks."""
    return ConsulSettings({network: cluster.addresses for network, cluster in clusters.items()}, timeout, token)


class FakeServer:
    """One server of a cluster. fault: '' for none, HANGS, or a key of FAULTS; faulty_path: the only path that fails, '' for all."""

    def __init__(self, cluster: FakeCluster) -> None:
        self.fault, self.faulty_path, self.delay = '', '', 0.0
        self.hits = 0
        self.connections: list[socket.socket] = []
        self.cluster = cluster
        self._http = ThreadingHTTPServer(('127.0.0.1', 0), type('Bound', (_Handler,), {'fake': self}))
        self._http.daemon_threads = True
        self._open = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def address(self) -> tuple[str, int]:
        host, port = self._http.server_address[:2]
        return str(host), int(port)

    def close(self) -> None:
        """Die: open connections break, new ones are refused."""
        if self._open:
            self._open = False
            self._http.shutdown()
            self._thread.join()
            self._http.server_close()
            for connection in self.connections:
                with suppress(OSError):  # the other side was faster
                    connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    disable_nagle_algorithm = True
    fake: FakeServer

    def setup(self) -> None:
        super().setup()
        self.fake.connections.append(self.connection)

    def do_GET(self) -> None:
        self._answer('')

    def do_PUT(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get('Content-Length', 0))).decode())

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the test has the list of requests."""

    def _answer(self, body: str) -> None:
        fake, cluster, url = self.fake, self.fake.cluster, urlsplit(self.path)
        request = Request(self.command, url.path, dict(parse_qsl(url.query)), self.headers.get('X-Consul-Token'), body)
        fake.hits += 1
        cluster.requests.append(request)
        fault = fake.fault if fake.faulty_path in ('', url.path) else ''
        cluster.closing.wait(30.0 if fault == HANGS else fake.delay)
        if not cluster.closing.is_set():
            self._reply(*(FAULTS[fault] if fault else _truth(cluster, request)))
        self.close_connection = self.close_connection or cluster.closing.is_set()

    def _reply(self, status: int, headers: Mapping[str, str], body: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())


def _truth(cluster: FakeCluster, request: Request) -> tuple[int, dict[str, str], str]:
    if request.path == '/v1/health/state/any':
        return _health(cluster, request.parameters)
    if request.path == '/v1/agent/members':
        return 200, {}, json.dumps([_member(name, node) for name, node in cluster.nodes.items()])
    if request.path == '/v1/operator/autopilot/configuration':
        return 200, {}, json.dumps({'CleanupDeadServers': cluster.cleans_up})
    if request.method == 'PUT' and re.fullmatch('/v1/event/fire/[a-z]+', request.path):
        cluster.events.append(request)
        return 200, {}, json.dumps({'ID': '1', 'Name': 'fence'})
    return FAULTS['not there']


def _health(cluster: FakeCluster, parameters: Mapping[str, str]) -> tuple[int, dict[str, str], str]:
    _block(cluster, int(parameters.get('index', 0)), float(parameters.get('wait', '0').rstrip('s')))
    if not cluster.leader and 'stale' not in parameters:
        return FAULTS['no leader']
    headers = {'X-Consul-Index': str(cluster.index), 'X-Consul-KnownLeader': json.dumps(cluster.leader), 'X-Consul-LastContact': '0'}
    checks = [_check(name, node.passing) for name, node in cluster.nodes.items() if node.passing is not None]
    return 200, headers, json.dumps(checks + cluster.other_checks)


def _block(cluster: FakeCluster, index: int, wait: float) -> None:
    deadline = time.monotonic() + wait
    with cluster.changed:
        while index == cluster.index and time.monotonic() < deadline and not cluster.closing.is_set():
            cluster.changed.wait(deadline - time.monotonic())


def _check(name: str, passing: bool | None) -> dict[str, str]:
    return {'Node': name, 'CheckID': 'serfHealth', 'Status': 'passing' if passing else 'critical'}


def _member(name: str, node: Node) -> dict[str, Any]:
    return {'Name': name, 'Addr': node.address, 'Status': node.status, 'Tags': {'role': 'consul' if node.server else 'node'}}
