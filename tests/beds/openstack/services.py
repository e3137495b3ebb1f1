"""How each process of the bed is started, and when it may be called ready."""

import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.beds.command import BedError, wait_until
from tests.beds.openstack.plan import Plan
from tests.beds.openstack.rest import Api, answers, find
from tests.beds.openstack.supervisor import Supervisor
from tests.beds.requirements import find_program

_INSIDE = 'tests.beds.openstack.inside'
_APPLICATIONS = {
    'keystone': 'keystone.wsgi.api', 'placement': 'placement.wsgi.api', 'nova': 'nova.wsgi.osapi_compute',
    'glance': 'glance.wsgi.api', 'neutron': 'neutron.wsgi.api',
}
_CONTROLLERS = ('nova-conductor', 'nova-scheduler')
_WORKERS = 1


class Services:
    """The processes of one bed, but for MariaDB, which is a bed of its own."""

    def __init__(self, plan: Plan, supervisor: Supervisor, venv: Path) -> None:
        self._plan, self._supervisor, self._venv = plan, supervisor, venv
        self._apis = [name for name in _APPLICATIONS if name != 'neutron' or plan.neutron]

    def start_message_bus(self) -> None:
        """RabbitMQ and memcached: they need nobody, and RabbitMQ takes its time."""
        ports, start = self._plan.ports, self._supervisor.start
        start('memcached', [find_program('memcached'), '-l127.0.0.1', f'-p{ports["memcached"]}', '-uroot', '-m64', '-U0'])
        start('epmd', [find_program('epmd'), '-port', str(ports['epmd']), '-address', '127.0.0.1'])
        self._wait_for_port('epmd')
        home = self._plan.data / 'rabbitmq'
        home.mkdir(exist_ok=True)
        (home / 'plugins').write_text('[].\n')
        start('rabbitmq', ['/usr/lib/rabbitmq/bin/rabbitmq-server'], **_rabbitmq_environment(self._plan, home))

    def start_controllers(self) -> None:
        """The APIs, Nova's conductor and scheduler, and the fork server of the hosts, all at once. The database must be up."""
        python, start = self._venv / 'bin/python', self._supervisor.start
        for name in self._apis:
            application = [name, _APPLICATIONS[name], str(self._plan.ports[name]), str(_WORKERS)]
            start(name, [python, '-m', f'{_INSIDE}.wsgi', *application],
                  **{f'OS_{name.upper()}_CONFIG_DIR': str(self._plan.etc / name)},
                  OS_NEUTRON_CONFIG_FILES='neutron.conf')
        if not self._plan.neutron:
            start('neutron', [python, '-m', f'{_INSIDE}.no_network', str(self._plan.ports['neutron'])])
        for name in _CONTROLLERS:
            start(name, [self._venv / 'bin' / name, f'--config-file={self._plan.etc}/nova/nova.conf'])
        start('computes', [python, '-m', f'{_INSIDE}.computes'])

    def wait_for_controllers(self) -> Api:
        """Wait until a VM could be ordered, were there a host. Returns an administrator's client."""
        for name in self._apis:
            self._wait(name, partial(answers, f'{self._plan.url(name)}/'))
        api = Api(self._plan)
        self._wait_for_port('rabbitmq')
        for name in _CONTROLLERS:
            self._wait(name, partial(_is_up, api, name))
        return api

    def start_compute(self, host: str) -> None:
        """Start nova-compute of a host, unless it runs; returns once it is a process on record."""
        if self._supervisor.find(host):
            return
        address = self._plan.run / 'computes.sock'
        self._wait('computes', lambda: _listening(address))
        with socket.socket(socket.AF_UNIX) as server:
            server.settimeout(30)
            server.connect(str(address))
            server.sendall(f'{host}\n'.encode())
            if not server.recv(16):
                raise BedError(f'the fork server of the hosts did not start {host}; see {self._plan.log}/computes.log')

    def wait_for_hosts(self, api: Api) -> None:
        """Wait until every host is up in Nova, belongs to the cell, and has room in placement: a VM can be put there."""
        for host in self._plan.hosts:
            self._wait(host, partial(_has_room, api, host))

    def _wait(self, name: str, ready: Callable[[], bool]) -> None:
        def alive_and_ready() -> bool:
            self._supervisor.complain(name)
            return ready()
        wait_until(alive_and_ready, f'{name} is ready; see {self._plan.log}/{name}.log', timeout=120)

    def _wait_for_port(self, name: str) -> None:
        self._wait(name, lambda: _connects(self._plan.ports[name]))


def _is_up(api: Api, name: str) -> bool:
    """Whether Nova calls the nova-compute of this host, or the controller of this name, up; one forced down counts as up."""
    services = api.call('GET', 'nova', '/os-services')['services']
    return any(name in (service['host'], service['binary']) and (service['state'] == 'up' or service['forced_down'])
               for service in services)


def _has_room(api: Api, host: str) -> bool:
    if not _is_up(api, host):
        return False
    hypervisors = api.call('GET', 'nova', '/os-hypervisors')['hypervisors']
    if not find(hypervisors, hypervisor_hostname=host):
        return False
    return bool(find(api.call('GET', 'placement', '/resource_providers?resources=VCPU:1')['resource_providers'], name=host))


def _connects(port: int) -> bool:
    try:
        with socket.create_connection(('127.0.0.1', port), 1):
            return True
    except OSError:
        return False


def _listening(address: Path) -> bool:
    return str(address) in Path('/proc/net/unix').read_text()


def _rabbitmq_environment(plan: Plan, home: Path) -> dict[str, str]:
    """All that Debian's script would take from the system; the schedulers of Erlang may not spin while they wait."""
    return {
        'HOME': str(home),
        'ERL_EPMD_PORT': str(plan.ports['epmd']), 'ERL_EPMD_ADDRESS': '127.0.0.1',
        'RABBITMQ_NODENAME': f'bed{plan.port_base}@localhost',
        'RABBITMQ_DIST_PORT': str(plan.ports['rabbitmq-peers']),
        'RABBITMQ_CONFIG_FILE': str(plan.etc / 'rabbitmq.conf'), 'RABBITMQ_CONF_ENV_FILE': '/dev/null',
        'RABBITMQ_MNESIA_BASE': str(home / 'mnesia'), 'RABBITMQ_LOG_BASE': str(home / 'log'),
        'RABBITMQ_PID_FILE': str(home / 'pid'), 'RABBITMQ_ENABLED_PLUGINS_FILE': str(home / 'plugins'),
        'RABBITMQ_SERVER_START_ARGS': '',
        'RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS':
            '-start_epmd false -kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none',
    }
