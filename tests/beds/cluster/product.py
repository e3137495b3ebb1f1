"""hostha on a cluster: its configuration as an operator writes it, its database, its API and its engines, all real processes."""

import json
import os
import subprocess
import sysconfig
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from tests.beds.cluster.cluster import Cluster
from tests.beds.command import BedError, run, wait_until

Json = dict[str, Any]

LEASE = 9
"""Seconds for which an engine that was killed keeps its incidents; it renews them every third of that."""

CONFIGURATION = """\
[DEFAULT]
debug = 1
host = 127.0.0.1
port = {port}
region = {auth[region]}
auth_strategy = keystone

[keystone_authtoken]
auth_version = v3
auth_type = password
auth_url = {auth[auth_url]}
user_domain_name = {auth[user_domain_name]}
project_domain_name = {auth[project_domain_name]}
project_name = {auth[project_name]}
username = {auth[username]}
password = {auth[password]}

[database]
connection = sqlite:///{directory}/hostha.sqlite

[engine]
lease = {lease}

[compute_ha]
host_check_method = consul
consul_servers = {servers}
consul_ports = [8500, 8500, 8500]  #one port per network
consul_timeout = 3
host_check_interval = 2
host_check_retry = 3
multiple_recovery = true

[fencing]
levels = fence_agent
agent = {cluster.fencing.program}
agent_options = directory={cluster.directory}
fence_timeout = 20
fence_poll = 1

[evacuation]
evacuate_retry_interval = 2
follow_interval = 1
"""


class Engine:
    """One engine process in the observer's namespace. log: its standard output and error."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path, host: str) -> None:
        self.process, self.log = process, log
        self.name = f'{host}:{process.pid}'

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def kill(self) -> None:
        """SIGKILL, and wait for its end."""
        self.process.kill()
        self.process.wait(timeout=10)

    def terminate(self, timeout: float) -> int:
        """SIGTERM. Returns the exit status; subprocess.TimeoutExpired if it has not ended within ``timeout`` seconds."""
        self.process.terminate()
        return self.process.wait(timeout)


class Product:
    """hostha, installed for a cluster that is up. Its files are below the cluster's directory.

    port  of the API on 127.0.0.1
    """

    def __init__(self, cluster: Cluster, port: int) -> None:
        self._cluster, self._port = cluster, port
        self.directory = cluster.directory / 'hostha'
        self.config = self.directory / 'hostha.conf'
        self.engines: list[Engine] = []
        self._running = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as on_failure:
            on_failure.callback(self.stop)
            self._install()
            on_failure.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End all its processes."""
        for engine in self.engines:
            engine.kill()
        self._running.close()

    def start_engine(self) -> Engine:
        """Start one more engine; returns at once."""
        log = self.directory / f'engine-{len(self.engines) + 1}.log'
        observer = self._cluster.consul.observer
        with open(log, 'wb') as output:
            process = self._cluster.consul.popen(observer, self._argv('hostha-engine'), stdin=subprocess.DEVNULL, stdout=output,
                                                 stderr=subprocess.STDOUT, env=self._environment())
        engine = Engine(process, log, observer)
        self.engines.append(engine)
        return engine

    def call(self, method: str, path: str, body: Json | None = None) -> Json:
        """One call of the API: the JSON that it answers. BedError, with the API's words, if it refuses or does not answer."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f'http://127.0.0.1:{self._port}{path}', data, {'Content-Type': 'application/json'}, method=method)
        try:
            with _opener.open(request, timeout=10) as answer:
                return json.loads(answer.read() or b'{}')
        except urllib.error.HTTPError as error:
            raise BedError(f'{method} {path}: {error.code} {error.read().decode(errors="replace")}') from error
        except OSError as error:
            raise BedError(f'{method} {path}: {error}') from error

    def host(self, host: str) -> Json:
        """A host as the API shows it."""
        return self.call('GET', f'/v1.0/hosts/{host}')

    def incident(self, host: str) -> Json:
        """The newest incident of a host, with its transitions and its servers. BedError if it has had none."""
        found = self.call('GET', f'/v1.0/incidents?host={host}&limit=1')['incidents']
        if not found:
            raise BedError(f'{host} has had no incident')
        return self.call('GET', f'/v1.0/incidents/{found[0]["id"]}')

    def owners(self) -> list[str]:
        """The names of the engines that hold incidents now."""
        return [engine['name'] for engine in self.call('GET', '/v1.0/engines')['engines']]

    def _install(self) -> None:
        """Configure it, make its tables, start its API and enter the hosts there."""
        self.directory.mkdir(exist_ok=True)
        self.config.write_text(CONFIGURATION.format(
            port=self._port, auth=self._cluster.openstack.auth, directory=self.directory, lease=LEASE, cluster=self._cluster,
            servers=self._servers()))
        run([*self._argv('hostha-db-manage'), 'upgrade', 'head'])
        self._start_api()
        for host in self._cluster.computes:
            self.call('POST', '/v1.0/hosts', {'name': host})

    def _servers(self) -> list[list[str]]:
        """The addresses of the Consul servers: a list for each controller, with one address on each network."""
        consul = self._cluster.consul
        return [[consul.address(controller, network) for network in consul.networks] for controller in consul.controllers]

    def _start_api(self) -> None:
        with open(self.directory / 'api.log', 'wb') as output:
            api = subprocess.Popen(self._argv('hostha-api'), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                   env=self._environment())
        self._running.callback(api.wait, 10)
        self._running.callback(api.kill)
        wait_until(lambda: api.poll() is not None or self._answers(), 'the API answers', timeout=60)
        if api.poll() is not None:
            raise BedError(f'the API has ended: {(self.directory / "api.log").read_text()}')

    def _answers(self) -> bool:
        try:
            return bool(self.call('GET', '/readyz'))
        except BedError:
            return False

    def _argv(self, program: str) -> Sequence[str]:
        return [f'{sysconfig.get_path("scripts")}/{program}', '--config-file', str(self.config)]

    def _environment(self) -> dict[str, str]:
        """A service's: no proxies, and the fence program on the PATH, where a host's own level may name it."""
        return {'PATH': f'{self._cluster.directory}:{os.environ.get("PATH", os.defpath)}', 'LC_ALL': 'C.UTF-8'}


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
