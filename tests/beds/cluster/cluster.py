"""The cluster itself: the Consul bed and the OpenStack bed, as one."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

from tests.beds import netns
from tests.beds.cluster import fencing, self_fence
from tests.beds.consul import ConsulBed
from tests.beds.consul import requirements as consul_requirements
from tests.beds.forward import Forwarder
from tests.beds.openstack import OpenStackBed
from tests.beds.processes import Process
from tests.beds.requirements import missing

COMPUTES = tuple(f'compute-{number:02}' for number in range(1, 5))
REPORT_INTERVAL = 2
"""Seconds between two life signs of a nova-compute: short, so that a host that is back is soon known to Nova."""


def requirements() -> list[str]:
    """Why a cluster cannot run here, in plain words; empty if it can."""
    return [*consul_requirements(), *OpenStackBed.reasons_against(), *missing(programs={'fping': 'fping'})]


class Cluster:
    """Compute hosts that can lose their power, and be fenced.

    directory  of all that the cluster writes; each bed has its own below it
    computes   names of the compute hosts, the same for Consul and Nova
    prefix     of the namespaces
    port_base  of the ports of OpenStack on 127.0.0.1: here, and in the observer's namespace

    Another process may work on the same cluster with ``of``.
    """

    def __init__(self, directory: Path, computes: Sequence[str] = COMPUTES, *, prefix: str = 'hc', port_base: int = 23000) -> None:
        directory = directory.resolve()
        consul = ConsulBed(directory / 'consul', computes, prefix=prefix, on_fence=self_fence.command(directory))
        openstack = OpenStackBed(directory / 'openstack', computes, port_base=port_base, report_interval=REPORT_INTERVAL)
        self._use(directory, consul, openstack)

    @classmethod
    def of(cls, directory: Path) -> Self:
        """The cluster that is up in this directory, whichever process brought it up. BedError if there is none."""
        cluster = cls.__new__(cls)
        directory = directory.resolve()
        cluster._use(directory, ConsulBed.load(directory / 'consul'), OpenStackBed.of(directory / 'openstack'))
        return cluster

    def _use(self, directory: Path, consul: ConsulBed, openstack: OpenStackBed) -> None:
        self.directory, self.consul, self.openstack = directory, consul, openstack
        self.fencing = fencing.Records(directory)
        self._forwarder = Forwarder(consul.namespace(consul.observer), tuple(openstack.ports.values()))

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    @property
    def computes(self) -> tuple[str, ...]:
        """Names of the compute hosts."""
        return self.consul.computes

    def up(self) -> None:
        """Bring both beds up, side by side. If one fails, all is down again."""
        self.directory.mkdir(parents=True, exist_ok=True)
        fencing.write_program(self.fencing.program)
        try:
            _side_by_side(self.consul.up, self.openstack.up)
            self._forwarder.start()
        except BaseException:
            self.down()
            raise

    def down(self) -> None:
        """End every process of both beds, however far ``up`` came."""
        self._forwarder.stop()
        _side_by_side(self.consul.down, self.openstack.down)

    def power_off(self, host: str) -> None:
        """No power. May be called from a process on that very host, which is the last one to end.

        The order matters to whoever looks at the processes: when the last agent is gone, no guest runs any more.
        """
        self.openstack.power_off(host)
        self.consul.poweroff(host)

    def power_on(self, host: str) -> None:
        """Power, and all cables plugged in: agents and nova-compute start by themselves, as after a boot. Returns before they are ready."""
        self_fence.note_boot(self.directory, host, time.time())
        self.consul.poweron(host)
        self.openstack.start_compute(host)

    def processes(self, host: str) -> list[Process]:
        """All that runs on the host, seen by looking: everything in its namespace, and its nova-compute."""
        compute = Process.recorded(self.openstack.plan.run / 'processes' / host)
        return netns.processes([self.consul.namespace(host)]) + ([compute] if compute else [])

    def alive(self, host: str) -> bool:
        """Whether anything runs on the host."""
        return bool(self.processes(host))


def _side_by_side(*jobs: Callable[[], None]) -> None:
    """Do them all, at the same time; then raise the first error, if there is any."""
    with ThreadPoolExecutor(len(jobs)) as pool:
        started = [pool.submit(job) for job in jobs]
    for job in started:
        job.result()
