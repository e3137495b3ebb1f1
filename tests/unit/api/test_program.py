"""hostha-api as a process of its own: started from a configuration file, used over HTTP, ended by SIGTERM."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from hostha.db import open_database
from hostha.settings import DatabaseSettings
from tests.unit.api.conftest import HOST, JSON, SECRET

LIMIT = 30.0
COMMAND = (sys.executable, '-c', 'from hostha.cmd.api import main; raise SystemExit(main())', '--config-file')


def free_port() -> int:
    with socket.create_server(('127.0.0.1', 0)) as line:
        return line.getsockname()[1]


class Config:
    """A configuration file with a database and a key of its own."""

    def __init__(self, folder: Path) -> None:
        self.port, self.path, self.log = free_port(), folder / 'hostha.conf', folder / 'log'
        key = folder / 'keys'
        key.write_bytes(Fernet.generate_key())
        key.chmod(0o600)
        self.database = DatabaseSettings(f'sqlite:///{folder}/hostha.sqlite', str(key))
        self.path.write_text(f"""[DEFAULT]
port = {self.port}
log_file = {self.log}
[compute_ha]
consul_servers = [['192.0.2.1', '198.51.100.1', '203.0.113.1']]
consul_ports = [8500, 8500, 8500]
[keystone_authtoken]
auth_url = http://127.0.0.1:5000/v3
username = hostha
password = none
[database]
connection = {self.database.connection}
secret_key_file = {key}
""")

    def make_tables(self) -> None:
        database = open_database(self.database)
        database.upgrade()
        database.close()


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(tmp_path)


@pytest.fixture
def process(config: Config) -> Iterator[subprocess.Popen]:
    config.make_tables()
    started = subprocess.Popen([*COMMAND, str(config.path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until_it_listens(started, config.port)
        yield started
    finally:
        started.kill()
        started.wait(LIMIT)


def wait_until_it_listens(process: subprocess.Popen, port: int) -> None:
    end = time.monotonic() + LIMIT
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as line:
            if line.connect_ex(('127.0.0.1', port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f'it does not listen; exit status {process.poll()}')


def call(port: int, method: str, path: str, body: object = None) -> tuple[int, object]:
    connection = HTTPConnection('127.0.0.1', port, timeout=LIMIT)
    try:
        connection.request(method, path, json.dumps(body) if body is not None else None, JSON)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or 'null')
    finally:
        connection.close()


def test_it_serves_on_the_real_database_and_ends_on_sigterm(config: Config, process: subprocess.Popen) -> None:
    assert call(config.port, 'GET', '/readyz') == (200, {'status': 'ready'})
    status, created = call(config.port, 'POST', '/v1.0/hosts', HOST)
    assert (status, created['state'], created['fencing'][0]['secret_names']) == (201, 'active', ['password', 'username'])
    assert call(config.port, 'POST', '/v1.0/hosts', HOST)[0] == 409
    status, patched = call(config.port, 'PATCH', '/v1.0/hosts/node-1', {'ha_enabled': False})
    assert (status, patched['ha_enabled'], patched['fencing']) == (200, False, created['fencing'])
    order = call(config.port, 'POST', '/v1.0/hosts/node-1/actions/maintenance', {'reason': 'disk', 'by': 'alice'})
    assert order == (202, {'id': 1, 'host': 'node-1', 'action': 'maintenance', 'reason': 'disk', 'by': 'alice'})
    noted = call(config.port, 'GET', '/v1.0/orders/1')[1]
    assert (noted['by'], noted['closed_at'], noted['result']) == ('alice', None, None)
    assert call(config.port, 'GET', '/v1.0/hosts/node-1/orders') == (200, {'orders': [noted]})
    assert call(config.port, 'GET', '/v1.0/incidents') == (200, {'incidents': [], 'next_marker': None})
    assert call(config.port, 'GET', '/v1.0/incidents?marker=a.1')[0] == 400
    assert call(config.port, 'GET', '/v1.0/engines') == (200, {'engines': []})

    with socket.create_connection(('127.0.0.1', config.port)) as half_a_request:
        half_a_request.sendall(b'GET / HTTP/1.1\r\n')
        process.terminate()
        assert process.wait(LIMIT) == 0
    assert SECRET not in config.log.read_text()
    assert 'host=node-1 entered' in config.log.read_text()


def failed(config: Config) -> str:
    ended = subprocess.run([*COMMAND, str(config.path)], capture_output=True, text=True, timeout=LIMIT, check=False)
    assert ended.returncode == 1
    return ended.stderr


def test_without_tables_it_does_not_start(config: Config) -> None:
    assert 'hostha-db-manage upgrade head' in failed(config)


def test_with_a_wrong_configuration_it_does_not_start(config: Config) -> None:
    config.path.write_text(config.path.read_text().replace('8500', '85000'))
    assert 'consul_ports' in failed(config)


def test_on_a_port_that_is_taken_it_does_not_start(config: Config) -> None:
    config.make_tables()
    with socket.create_server(('127.0.0.1', config.port)):
        assert f'cannot listen on 127.0.0.1 port {config.port}' in failed(config)


UNDER_ANOTHER_SERVER = """
from falcon.testing import simulate_get
from hostha.cmd.api import application
print(simulate_get(application, '/v1.0/hosts').text)
"""


def under_another_server(config: Config) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, '-c', UNDER_ANOTHER_SERVER], capture_output=True, timeout=LIMIT, text=True, check=False,
                          env=os.environ | {'HOSTHA_CONFIG_FILE': str(config.path)})


def test_another_server_serves_what_is_meant_to_be_open(config: Config) -> None:
    config.make_tables()
    twice = '[api]\nallow_unauthenticated = true\n[DEFAULT]\nauth_strategy = noauth'
    config.path.write_text(config.path.read_text().replace('[DEFAULT]', twice))
    ended = under_another_server(config)
    assert (ended.returncode, json.loads(ended.stdout)) == (0, {'hosts': []})
    assert 'may do everything' in config.log.read_text()


def test_another_server_cannot_load_what_is_not_meant_to_be_open(config: Config) -> None:
    config.make_tables()
    ended = under_another_server(config)
    assert ended.returncode == 1
    assert 'CRITICAL hostha.cmd.api [-] the API is not served: [DEFAULT] auth_strategy = keystone' in config.log.read_text()


def test_to_import_the_module_reads_no_configuration() -> None:
    program = 'import hostha.cmd.api as api; raise SystemExit(hasattr(api, "nonsense"))'
    subprocess.run([sys.executable, '-c', program], check=True, timeout=LIMIT, env=os.environ | {'HOSTHA_CONFIG_FILE': '/nonexistent'})
