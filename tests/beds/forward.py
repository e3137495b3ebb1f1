"""A TCP forwarder from a network namespace to the caller's: loopback to loopback, the same ports on both sides."""

import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress

from tests.beds.netns import entered

LOOPBACK = '127.0.0.1'


class Forwarder:
    """Listens on 127.0.0.1 in a namespace and connects, for each connection, to the same port on 127.0.0.1 here.

    Here is the namespace of the thread that calls ``start``. Where nobody listens here, the client's connection is
    closed at once. Each connection costs two threads: meant for the clients of a test, not for load.
    """

    def __init__(self, listen_namespace: str, ports: Sequence[int]) -> None:
        self.listen_namespace, self.ports = listen_namespace, tuple(ports)
        self._sockets: set[socket.socket] = set()
        self._threads: set[threading.Thread] = set()
        self._running = False
        self._lock = threading.Lock()

    def __enter__(self) -> 'Forwarder':
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen, and forward until ``stop``. OSError, and nothing left open, if a port cannot be listened on."""
        listeners = self._listen()
        self._running = True
        for listener in listeners:
            self._keep(listener)
            self._spawn(self._accept, listener)

    def stop(self) -> None:
        """Close every port and every connection, and wait for the threads. Does nothing if nothing was started."""
        with self._lock:
            self._running = False
            for each in self._sockets:
                _hang_up(each)  # wakes the thread that waits on it
            threads = list(self._threads)
        for thread in threads:
            thread.join(timeout=10)

    def _listen(self) -> list[socket.socket]:
        with ExitStack() as on_failure, entered(self.listen_namespace):
            listeners = [on_failure.enter_context(socket.create_server((LOOPBACK, port))) for port in self.ports]
            on_failure.pop_all()
        return listeners

    def _accept(self, listener: socket.socket) -> None:
        with listener:
            while self._running:
                try:
                    client, _ = listener.accept()
                except OSError:
                    break  # hung up by stop
                self._spawn(self._forward, client, listener.getsockname()[1])
        self._forget(listener)

    def _forward(self, client: socket.socket, port: int) -> None:
        with client, suppress(OSError), socket.create_connection((LOOPBACK, port), timeout=10) as server:
            server.settimeout(None)
            if self._keep(client, server):
                back = threading.Thread(target=_pump, args=(server, client), daemon=True)
                back.start()
                _pump(client, server)
                back.join()
                self._forget(client, server)

    def _keep(self, *sockets: socket.socket) -> bool:
        """Have these hung up by ``stop``; False if it has been called already."""
        with self._lock:
            if self._running:
                self._sockets.update(sockets)
            return self._running

    def _forget(self, *sockets: socket.socket) -> None:
        with self._lock:
            self._sockets.difference_update(sockets)

    def _spawn(self, target: Callable[..., None], *args: object) -> None:
        """Run the target in a thread that ``stop`` waits for."""

        def body() -> None:
            try:
                target(*args)
            finally:
                with self._lock:
                    self._threads.discard(thread)

        thread = threading.Thread(target=body, name='forwarder', daemon=True)
        with self._lock:
            self._threads.add(thread)
        thread.start()


def _pump(source: socket.socket, target: socket.socket) -> None:
    """Copy until the end, then tell the target that nothing more comes: the way back stays open.

    A connection that breaks off is hung up on both sides.
    """
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        _hang_up(source)
        _hang_up(target)


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
