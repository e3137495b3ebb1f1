"""The API behind waitress, over real sockets: bodies too large, in chunks, and senders that are slow."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from threading import Thread

import pytest

from hostha.cmd.api import make_server
from hostha.settings import ApiSettings
from tests.unit.api.conftest import JSON, MAX_BODY, Api

LIMIT = 20.0
THREADS = 2


@dataclass
class Served:
    """An API that is being served on a port of the loopback."""

    api: Api
    port: int

    def connect(self) -> socket.socket:
        return socket.create_connection(('127.0.0.1', self.port), timeout=LIMIT)

    def request(self, method: str, path: str, **more) -> HTTPResponse:
        connection = HTTPConnection('127.0.0.1', self.port, timeout=LIMIT)
        try:
            connection.request(method, path, **more)
            answer = connection.getresponse()
            answer.body = answer.read()
            return answer
        finally:
            connection.close()


@pytest.fixture
def served(api: Api) -> Iterator[Served]:
    server = make_server(api.app, ApiSettings(port=0, threads=THREADS, max_body=MAX_BODY))
    thread = Thread(target=_run, args=(server,), daemon=True)
    thread.start()
    try:
        yield Served(api, server.effective_port)
    finally:
        server.trigger.pull_trigger(lambda: _leave(server))
        thread.join(LIMIT)
        assert not thread.is_alive()


def _run(server) -> None:
    with suppress(OSError):
        server.run()


def _leave(server) -> None:
    """End the loop in the thread that runs it, as the handler of SIGTERM does."""
    server.close()
    raise SystemExit


def padded(size: int) -> bytes:
    body = b'{"name": "a"}'
    return body + b' ' * (size - len(body))


@pytest.mark.parametrize('chunked', [False, True])
@pytest.mark.parametrize('size,status', [(MAX_BODY, 201), (MAX_BODY + 1, 413), (10 * MAX_BODY, 413)])
def test_the_bound_holds_with_and_without_a_length(served: Served, size: int, status: int, chunked: bool) -> None:
    body = padded(size)
    chunks = [body[start:start + 1000] for start in range(0, size, 1000)]
    answer = served.request('POST', '/v1.0/hosts', body=iter(chunks) if chunked else body, headers=JSON, encode_chunked=chunked)
    assert answer.status == status
    assert len(served.api.registry.hosts()) == (status == 201)
    if status == 413:
        assert json.loads(answer.body)['error']['fields'] == {'body': f'it may have at most {MAX_BODY} bytes'}


def test_far_beyond_the_bound_the_server_refuses_before_the_body_is_sent(served: Served) -> None:
    with served.connect() as line:
        line.sendall(b'POST /v1.0/hosts HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100000000\r\n\r\n')
        assert b' 413 ' in line.recv(100)


@pytest.mark.parametrize('head', [
    b'Content-Length: 2\r\nTransfer-Encoding: gzip', b'Content-Length: -1', b'Content-Length: 2\r\nContent-Length: 3', b'a b: c'])
def test_a_broken_head_is_refused(served: Served, head: bytes) -> None:
    with served.connect() as line:
        line.sendall(b'POST /v1.0/hosts HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n' + head + b'\r\n\r\n{}')
        assert line.recv(100).split()[1] in (b'400', b'501')
    assert served.api.registry.hosts() == []


def test_slow_senders_cost_no_thread(served: Served) -> None:
    head = b'POST /v1.0/hosts HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 13\r\nConnection: close\r\n\r\n'
    with ExitStack() as stack:
        slow = [stack.enter_context(served.connect()) for _ in range(10 * THREADS)]
        for line in slow:
            line.sendall(head + b'{"na')
        assert served.request('GET', '/healthz').status == 200
        assert served.api.registry.hosts() == []
        slow[0].sendall(b'me": "a"}')
        assert slow[0].recv(100).startswith(b'HTTP/1.1 201 ')


def test_a_sender_that_hangs_up_changes_nothing(served: Served) -> None:
    with served.connect() as line:
        line.sendall(b'POST /v1.0/hosts HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{"name": "a"}')
    assert served.request('GET', '/healthz').status == 200
    assert served.api.registry.hosts() == []
