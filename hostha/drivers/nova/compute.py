"""ports.Compute on Nova's /os-services."""

from collections.abc import Sequence
from typing import Any

from hostha.core.readmission import OUR_MARK, ComputeService
from hostha.drivers.nova.errors import Call, boundary
from hostha.drivers.nova.wire import Wire

LONGEST_REASON = 255
"""Characters; Nova refuses a longer one."""

CELL_DOWN = 'UNKNOWN'
"""Nova's status of anything in a cell whose database does not answer (microversion 2.69 and later); nothing else of it is shown."""

SERVICES = '/os-services'


def find_services(wire: Wire, call: Call) -> list[ComputeService]:
    """The nova-compute services; if the call is about a host only that of exactly this host. One whose cell does not answer has no id."""
    query = {'binary': 'nova-compute'} | ({'host': call.host} if call.host else {})
    answer = wire.get(call, SERVICES, query)
    with boundary(call, f'GET {SERVICES}'):
        return [_service(row) for row in answer.body['services'] if row['binary'] == 'nova-compute' and call.host in ('', row['host'])]


class NovaCompute:
    """Nova's compute services."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def services(self) -> Sequence[ComputeService]:
        """All nova-compute services. One whose cell does not answer is shown down and disabled, and the reason says so."""
        return find_services(self._wire, Call('services'))

    def mark_down(self, host: str, reason: str) -> None:
        """Force the host down and disable it, in one write; somebody else's disable is left as it is."""
        call = Call('mark_down', host, changes=True)
        service = self._service(call)
        self._write(call, service, {'forced_down': True} | _disabled(service, reason))

    def stop_scheduling(self, host: str, reason: str) -> None:
        """Disable the service; somebody else's disable is left as it is."""
        call = Call('stop_scheduling', host, changes=True)
        service = self._service(call)
        self._write(call, service, _disabled(service, reason))

    def unforce(self, host: str) -> None:
        """Take forced_down back. While evacuation records of the host are ``done`` and not completed, Nova says 400: Refused."""
        call = Call('unforce', host, changes=True)
        self._write(call, self._service(call), {'forced_down': False})

    def enable(self, host: str) -> None:
        """Let the scheduler use the host again. Refused if it was not hostha that disabled it."""
        call = Call('enable', host, changes=True)
        service = self._service(call)
        if not service.enabled and not service.disabled_by_us:
            raise call.refused(f'somebody else disabled it ({service.disabled_reason or "without a reason"}): it stays disabled')
        self._write(call, service, {'status': 'enabled'})

    def _service(self, call: Call) -> ComputeService:
        found = find_services(self._wire, call.harmless())
        if not found:
            raise call.refused('Nova knows no nova-compute of this host')
        if not found[0].id:
            raise call.unavailable(found[0].disabled_reason)
        return found[0]

    def _write(self, call: Call, service: ComputeService, wanted: dict[str, Any]) -> None:
        """Write what is wanted, unless it is so already."""
        present = {'forced_down': service.forced_down, 'status': 'enabled' if service.enabled else 'disabled',
                   'disabled_reason': service.disabled_reason}
        if any(present[name] != value for name, value in wanted.items()):
            self._wire.change(call, 'PUT', f'{SERVICES}/{service.id}', wanted)


def _disabled(service: ComputeService, reason: str) -> dict[str, Any]:
    """What to write to have the service disabled by us: nothing if somebody else disabled it."""
    if not service.enabled and not service.disabled_reason.startswith(OUR_MARK):
        return {}
    return {'status': 'disabled', 'disabled_reason': reason[:LONGEST_REASON]}


def _service(row: dict[str, Any]) -> ComputeService:
    if row['status'] == CELL_DOWN:
        return ComputeService('', row['host'], up=False, enabled=False, forced_down=False, disabled_reason='its cell does not answer')
    return ComputeService(
        row['id'], row['host'], up=row['state'] == 'up', enabled=row['status'] == 'enabled', forced_down=bool(row['forced_down']),
        disabled_reason=row['disabled_reason'] or '', updated_at=row['updated_at'] or '')
