"""Nova's fake hypervisor, given a memory and a conscience: guests outlive nova-compute, and every change is in the journal."""

import os
import time
from pathlib import Path
from typing import Any

from nova.compute import power_state
from nova.virt import fake

from tests.beds.openstack.knobs import Knobs
from tests.beds.openstack.truth import GONE, OFF, RUNNING, Truth

DIRECTORY = Path(os.environ['HOSTHA_BED'])
_POLL = 0.2


class BedDriver(fake.FakeDriverWithoutFakeNodes):
    """One host's hypervisor. Arguments that only the parent needs are passed on unnamed."""

    vcpus = 64
    memory_mb = 256 * 1024
    local_gb = 4000

    def init_host(self, host: str) -> None:
        """Find the guests that were here before."""
        super().init_host(host)
        self._truth = Truth(DIRECTORY)
        self._aborted: set[str] = set()
        for vm, state in self._truth.guests(host).items():
            power = power_state.RUNNING if state == RUNNING else power_state.SHUTDOWN
            self.instances[vm] = fake.FakeInstance(vm, power, vm)

    def spawn(self, context: Any, instance: Any, *args: Any, **kwargs: Any) -> None:
        """Start a guest, as well as the knobs let it."""
        knobs = Knobs.read(DIRECTORY)
        time.sleep(knobs.spawn_delay)
        while self._host in Knobs.read(DIRECTORY).hang:
            time.sleep(_POLL)
        if self._host in knobs.spawn_fail:
            raise RuntimeError(f'the knob spawn_fail names {self._host}')
        super().spawn(context, instance, *args, **kwargs)
        self._note(instance, 'spawn')

    def destroy(self, context: Any, instance: Any, *args: Any, **kwargs: Any) -> None:
        """Remove a guest. The parent would count resources by the flavor, which Nova may have changed by now."""
        self._remove(instance, 'destroy')

    def cleanup(self, context: Any, instance: Any, *args: Any, **kwargs: Any) -> None:
        """Remove what is left of a guest; the parent insists that nothing is."""
        self._remove(instance, 'cleanup')

    def power_off(self, instance: Any, *args: Any, **kwargs: Any) -> None:
        """Stop a guest; one that is not here is as stopped as can be."""
        if instance.uuid in self.instances:
            super().power_off(instance)
            self._note(instance, 'power_off')

    def power_on(self, context: Any, instance: Any, *args: Any, **kwargs: Any) -> None:
        """Start a guest that is here."""
        if instance.uuid in self.instances:
            self.instances[instance.uuid].state = power_state.RUNNING
            self._note(instance, 'power_on')

    def migrate_disk_and_power_off(self, context: Any, instance: Any, *args: Any, **kwargs: Any) -> None:
        """A resize begins: the guest stops here."""
        self.power_off(instance)

    def finish_revert_migration(self, context: Any, instance: Any, *args: Any, **kwargs: Any) -> None:
        """A resize is taken back: the guest is here again."""
        super().finish_revert_migration(context, instance, *args, **kwargs)
        self._note(instance, 'finish_revert_migration')

    def live_migration(self, context: Any, instance: Any, dest: Any, post_method: Any, recover_method: Any,
                       block_migration: bool = False, migrate_data: Any = None) -> None:
        """Move a running guest, for ``live_delay`` seconds or until aborted."""
        end = time.monotonic() + Knobs.read(DIRECTORY).live_delay
        while time.monotonic() < end:
            if instance.uuid in self._aborted:
                self._aborted.discard(instance.uuid)
                recover_method(context, instance, dest, migrate_data, migration_status='cancelled')
                return
            time.sleep(_POLL)
        post_method(context, instance, dest, block_migration, migrate_data)

    def live_migration_abort(self, instance: Any) -> None:
        """Have ``live_migration`` give up."""
        self._aborted.add(instance.uuid)

    def post_live_migration(self, context: Any, instance: Any, *args: Any, **kwargs: Any) -> None:
        """The guest has left; Nova tells the destination only after this."""
        self._remove(instance, 'post_live_migration')

    def _remove(self, instance: Any, why: str) -> None:
        if self.instances.pop(instance.uuid, None):
            self._note(instance, why)

    def _note(self, instance: Any, why: str) -> None:
        guest = self.instances.get(instance.uuid)
        state = GONE if guest is None else RUNNING if guest.state == power_state.RUNNING else OFF
        self._truth.note(self._host, instance.uuid, state, why)
