"""A whole OpenStack on loopback: everything real but the hypervisors."""

import shutil
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Self

from tests.beds.command import BedError
from tests.beds.mariadb import MariaDB, packages
from tests.beds.openstack import guests, install, pristine, settings
from tests.beds.openstack.knobs import Knobs
from tests.beds.openstack.plan import PASSWORD, Plan
from tests.beds.openstack.rest import Api, Json
from tests.beds.openstack.services import Services
from tests.beds.openstack.supervisor import Supervisor
from tests.beds.openstack.truth import Overlap, Truth

_CLIENT_PORTS = ('keystone', 'nova', 'placement', 'glance', 'neutron')


class OpenStackBed:
    """Keystone, Nova, Placement and Glance (Neutron if asked), with one real nova-compute process for each host.

    The hypervisor below each nova-compute is Nova's fake one, which keeps a journal of what really runs where: the
    *truth*, which tests compare with what Nova believes. A VM that ran on two hosts at once is in ``overlaps()`` for ever.

    directory  all that this bed writes; a bed that is started again in the same directory goes on with its VMs
    hosts      names of the compute hosts
    port_base  the first of about 900 TCP ports on 127.0.0.1 that the bed takes some of
    """

    def __init__(self, directory: Path, hosts: Sequence[str], *, port_base: int = 17000, neutron: bool = False,
                 report_interval: int = 10, service_down_time: int = 60) -> None:
        self._use(Plan(directory.resolve(), tuple(hosts), port_base, neutron, report_interval, service_down_time))

    @classmethod
    def of(cls, directory: Path) -> Self:
        """The bed that was brought up in this directory, perhaps by another process. BedError if there is none."""
        bed = cls.__new__(cls)
        bed._use(Plan.load(directory))
        return bed

    def _use(self, plan: Plan) -> None:
        self.plan = plan
        self.truth = Truth(plan.directory)
        self.mariadb = MariaDB(plan.directory / 'mariadb', port=plan.ports['mariadb'], durable=False)
        self._supervisor = Supervisor(plan)

    def __enter__(self) -> Self:
        try:
            self.up()
        except BaseException:
            self.down()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    @staticmethod
    def reasons_against() -> list[str]:
        """Why no bed can run on this machine, in plain sentences; empty if one can."""
        return packages.reasons(install.PROGRAMS)

    @property
    def hosts(self) -> tuple[str, ...]:
        """Names of the compute hosts."""
        return self.plan.hosts

    @property
    def ports(self) -> dict[str, int]:
        """Service -> port on 127.0.0.1, of the services that a client talks to."""
        return {name: self.plan.ports[name] for name in _CLIENT_PORTS if name != 'neutron' or self.plan.neutron}

    @property
    def auth(self) -> dict[str, str]:
        """What a client logs in with: a user of the project ``service`` who has the admin role. The VMs are in ``demo``."""
        return {
            'auth_url': self.plan.endpoint('keystone'), 'username': 'hostha', 'password': PASSWORD, 'project_name': 'service',
            'user_domain_name': 'default', 'project_domain_name': 'default', 'region': 'RegionOne',
        }

    def up(self) -> None:
        """Bring everything up that does not run, and wait until VMs can be put on every host.

        The first time on a machine it installs what is missing and runs the migrations; both are kept in the cache.
        BedError, with the end of the log of the process at fault, when something does not come up.
        """
        if reasons := self.reasons_against():
            raise BedError('; '.join(reasons))
        packages.install(install.PROGRAMS)
        self.plan.save()
        settings.write(self.plan, self.mariadb.url, install.environment())
        self._services.start_message_bus()
        pristine.prepare(self.plan, self.mariadb, install.environment())
        self._services.start_controllers()
        api = self._services.wait_for_controllers()
        for host in self.hosts:
            self._services.start_compute(host)
        self._services.wait_for_hosts(api)

    def down(self) -> None:
        """End every process of this bed, whoever started it, and however far ``up`` came. The data stay."""
        self._supervisor.kill_all()
        self.mariadb.down()
        self.__dict__.pop('api', None)

    def remove(self) -> None:
        """``down``, and delete the directory."""
        self.down()
        shutil.rmtree(self.plan.directory, ignore_errors=True)

    @cached_property
    def api(self) -> Api:
        """A client as administrator of the project ``demo``."""
        return Api(self.plan)

    def seed(self, per_host: Mapping[str, int] | int, **metadata: str) -> list[Json]:
        """Create VMs, so many on each host, or so many in all dealt out to the hosts in turn, and wait until they are ACTIVE.

        Returns them as ``servers`` does. BedError if one of them fails.
        """
        if isinstance(per_host, int):
            share, rest = divmod(per_host, len(self.hosts))
            per_host = {host: share + (number < rest) for number, host in enumerate(self.hosts)}
        return guests.create(self.api, per_host, metadata, self.plan.neutron)

    def servers(self) -> list[Json]:
        """All VMs as Nova sees them: id, name, status, host, task_state."""
        return guests.servers(self.api)

    def services(self) -> list[Json]:
        """The nova-compute services as Nova sees them: id, host, state, status, forced_down, disabled_reason and more."""
        services: list[Json] = self.api.call('GET', 'nova', '/os-services?binary=nova-compute')['services']
        return services

    def kill_compute(self, host: str) -> None:
        """SIGKILL nova-compute; the host's guests go on: a dead agent, not a dead host."""
        self._supervisor.kill(host)

    def power_off_guests(self, host: str) -> None:
        """Stop the guests of a host whose nova-compute is dead. BedError if it lives: it would not notice."""
        if self.compute_alive(host):
            raise BedError(f'nova-compute of {host} lives and would remember its guests as running: kill it first')
        self.truth.power_off(host)

    def power_off(self, host: str) -> None:
        """The whole host is off: no nova-compute, no guest."""
        self.kill_compute(host)
        self.power_off_guests(host)

    def start_compute(self, host: str) -> None:
        """Start nova-compute of a host, unless it runs. Returns before Nova has heard of it."""
        self._services.start_compute(host)

    def compute_alive(self, host: str) -> bool:
        """Whether nova-compute of a host runs."""
        return self._supervisor.find(host) is not None

    def running(self) -> dict[str, list[str]]:
        """The truth: VM -> the hosts on which it runs now."""
        return self.truth.running()

    def overlaps(self) -> list[Overlap]:
        """The truth: every moment so far at which a VM began to run on a host while it ran on another."""
        return self.truth.overlaps()

    def evacuation_orders(self) -> list[tuple[float, str]]:
        """When, in seconds since the epoch, and for which VM Nova accepted an evacuation: every record that it ever made.

        Read from Nova's database, as its API hides the records of deleted VMs.
        """
        rows = self.mariadb.execute(
            "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', created_at) / 1e6, instance_uuid"
            " FROM migrations WHERE migration_type = 'evacuation' ORDER BY id", 'nova')
        return [(float(time), vm) for time, vm in rows]

    def set_knobs(self, **knobs: object) -> None:
        """Make the hypervisors misbehave: see ``Knobs``. Knobs that are not named are at rest again."""
        Knobs(**knobs).write(self.plan.directory)  # type: ignore[arg-type]

    def process_count(self) -> int:
        """How many processes of this bed run."""
        return len(self._supervisor.marked()) + self.mariadb.running()

    @cached_property
    def _services(self) -> Services:
        return Services(self.plan, self._supervisor, install.environment())
