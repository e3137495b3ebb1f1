"""The Consul agents of a bed: one process per host and network."""

import http.client
import json
import shutil
import signal
import subprocess
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from tests.beds import netns
from tests.beds.command import BedError
from tests.beds.consul.layout import HTTP_PORT
from tests.beds.processes import Process

ROOT = Path(__file__).parents[3]
"""The working directory of the agents, so that their handlers find the package ``tests``."""


@dataclass(frozen=True)
class Reply:
    """What an agent answered over HTTP."""

    status: int
    body: str

    def json(self) -> Any:
        """The body, decoded. ValueError if it is no JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Agent:
    """One agent. Its folder holds its configuration, its data, its log and the record of its process."""

    folder: Path
    namespace: str
    host: str
    address: str

    @property
    def data(self) -> Path:
        """Where the agent keeps its identity, its peers and, on a server, the cluster's state."""
        return self.folder / 'data'

    @property
    def log(self) -> Path:
        """What the agent has to say."""
        return self.folder / 'log'

    @property
    def process(self) -> Process | None:
        """The agent's process, if it runs (a frozen one does)."""
        return Process.recorded(self._record)

    def start(self, consul: Path, config: dict[str, Any]) -> subprocess.Popen[bytes]:
        """Start the agent, which must not run; returns at once."""
        self.data.mkdir(parents=True, exist_ok=True)
        file = self.folder / 'config.json'
        file.write_text(json.dumps(config, indent=2))
        argv = [str(consul), 'agent', '-config-file', str(file)]
        with open(self.log, 'ab') as log:
            streams: dict[str, Any] = {'stdin': subprocess.DEVNULL, 'stdout': log, 'stderr': log}
            child = netns.popen(self.namespace, self.host, argv, cwd=ROOT, start_new_session=True, **streams)
        if process := Process.of(child.pid):
            process.record(self._record)
        return child

    def kill(self) -> None:
        """SIGKILL, and wait for its end."""
        if process := self.process:
            process.kill()

    def freeze(self) -> None:
        """SIGSTOP: it hangs, its connections stay open."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Undo ``freeze``."""
        self._signal(signal.SIGCONT)

    def leave(self) -> None:
        """Leave the cluster gracefully, and wait for the end of the process."""
        process = self.process
        reply = self.request('PUT', '/v1/agent/leave', timeout=30)
        if reply.status != HTTPStatus.OK:
            raise BedError(f'{self.host} cannot leave: {reply.status} {reply.body}')
        if process:
            process.wait(timeout=30)

    def wipe(self) -> None:
        """Forget identity, peers and state, like a new disk."""
        shutil.rmtree(self.data, ignore_errors=True)

    def request(self, method: str, path: str, body: str | None = None, timeout: float = 5) -> Reply:
        """Ask this agent, from its own host. OSError if it does not answer within ``timeout`` seconds."""
        connection = http.client.HTTPConnection(self.address, HTTP_PORT, timeout=timeout)
        try:
            with netns.entered(self.namespace):
                connection.connect()
            connection.request(method, path, body)
            response = connection.getresponse()
            return Reply(response.status, response.read().decode())
        except http.client.HTTPException as error:
            raise ConnectionError(f'{self.address} answered no HTTP: {error!r}') from error
        finally:
            connection.close()

    @property
    def _record(self) -> Path:
        return self.folder / 'process'

    def _signal(self, number: signal.Signals) -> None:
        if process := self.process:
            process.signal(number)
