"""ports.Servers on Nova's /servers and /os-migrations."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from hostha.core.book import Evacuation, Server
from hostha.drivers.nova.compute import CELL_DOWN, find_services
from hostha.drivers.nova.errors import Call, boundary
from hostha.drivers.nova.sight import LIFETIME, Sight
from hostha.drivers.nova.wire import Wire

HOST = 'OS-EXT-SRV-ATTR:host'
"""The service host of a server; shown to administrators only."""

EVERYBODYS = {'all_tenants': '1'}
DETAIL = '/servers/detail'
RECORDS = '/os-migrations'


class NovaServers:
    """Nova's servers. clock: monotonic seconds."""

    def __init__(self, wire: Wire, clock: Callable[[], float] = time.monotonic) -> None:
        self._wire = wire
        self._clock = clock
        self._sights: Mapping[str, Sight] = {}

    def on_host(self, host: str) -> Sequence[Server]:
        """All servers whose host is exactly ``host``. Unavailable while its cell does not answer: Nova would leave them out in silence."""
        call = Call('on_host', host)
        if any(not service.id for service in find_services(self._wire, call)):
            raise call.unavailable('its cell does not answer')
        sight = self._read_all(call)
        self._keep(host, sight)
        return [server for server in sight.servers.values() if server]

    def look(self, servers: Collection[str], host: str) -> dict[str, Server]:
        """The present state of these servers, by one list of what changed in Nova since the last look at this host.

        The first look, and one after LIFETIME, reads the host's list instead. Only a server that is in neither (it moved before the
        first look, or is gone) is asked for singly, and from then on followed like the others.
        """
        call = Call('look', host)
        if not servers:
            return {}
        last = self._sights.get(host)
        fresh = last is not None and self._clock() < last.expires
        sight = self._read_changes(call, last, servers) if last and fresh else self._read_all(call)
        sight = sight.learn({server: self._read_one(call, server) for server in servers if server not in sight.servers})
        self._keep(host, sight)
        return {server: seen for server in servers if (seen := sight.servers[server])}

    def evacuations(self, host: str) -> Sequence[Evacuation]:
        """The evacuation records whose source is exactly ``host``, by ascending id."""
        call = Call('evacuations', host)
        rows = self._wire.pages(call, RECORDS, 'migrations', {'migration_type': 'evacuation', 'source_compute': host}, marker='uuid')
        with boundary(call, f'GET {RECORDS}'):
            mine = {row['id']: _record(row) for row in rows
                    if row['migration_type'] == 'evacuation' and row['source_compute'] == host}
        return [mine[number] for number in sorted(mine)]

    def evacuate(self, server: str) -> None:
        """Order one evacuation, to wherever Nova likes. Sent once; not idempotent."""
        self._act(Call('evacuate', changes=True), server, {'evacuate': {}})

    def reset(self, server: str) -> None:
        """Set the server's vm_state to error and clear its task."""
        self._act(Call('reset', changes=True), server, {'os-resetState': {'state': 'error'}})

    def stop(self, server: str) -> None:
        """Stop a server; one that is stopped, or being stopped, is left as it is."""
        call = Call('stop', changes=True)
        answer = self._wire.change(call, 'POST', f'/servers/{server}/action', {'os-stop': None}, allow=(409,))
        if answer.status != 409:
            return
        seen = self._read_one(call.harmless(), server)
        if not seen or (seen.state != 'stopped' and seen.task != 'powering-off'):
            raise call.refused(f'server {server}: HTTP 409: {answer.said}')

    def delete(self, server: str) -> None:
        """Delete a server; one that is gone is no error."""
        self._wire.change(Call('delete', changes=True), 'DELETE', f'/servers/{server}', allow=(404,))

    def _act(self, call: Call, server: str, action: Mapping[str, Any]) -> None:
        self._wire.change(call, 'POST', f'/servers/{server}/action', action)

    def _read_all(self, call: Call) -> Sight:
        """A sight of all servers that are on the host now. The time of the newest change anywhere is read first: what changes while
        the list is read is then listed again by the next look, whatever our own clock says."""
        latest = self._wire.get(call, DETAIL, {**EVERYBODYS, 'limit': '1', 'sort_key': 'updated_at', 'sort_dir': 'desc'})
        rows = self._wire.pages(call, DETAIL, 'servers', {**EVERYBODYS, 'host': call.host})
        with boundary(call, f'GET {DETAIL}'):
            newest = max((row['updated'] for row in latest.body['servers']), default='')
            seen = {row['id']: _server(call, row) for row in rows}
        here = {server: shown for server, shown in seen.items() if shown and shown.host == call.host}
        return Sight(newest, self._clock() + LIFETIME if newest else 0.0, here)

    def _read_changes(self, call: Call, sight: Sight, servers: Collection[str]) -> Sight:
        """The sight after what changed in the whole of Nova; servers that nobody has asked for are left out."""
        rows = self._wire.pages(call, DETAIL, 'servers', {**EVERYBODYS, 'changes-since': sight.since()})
        with boundary(call, f'GET {DETAIL}'):
            ours = [row for row in rows if row['id'] in sight.servers or row['id'] in servers]
            return sight.learn({row['id']: _server(call, row) for row in ours}, [row['updated'] for row in rows])

    def _read_one(self, call: Call, server: str) -> Server | None:
        answer = self._wire.get(call, f'/servers/{server}', allow=(404,))
        if answer.status == 404:
            return None
        with boundary(call, f'GET /servers/{server}'):
            return _server(call, answer.body['server'])

    def _keep(self, host: str, sight: Sight) -> None:
        """Keep this sight, and of the others those that are still good."""
        now = self._clock()
        self._sights = {name: kept for name, kept in self._sights.items() if now < kept.expires} | {host: sight}


def _server(call: Call, row: Mapping[str, Any]) -> Server | None:
    """The server of a row; None if it is deleted."""
    if row['status'] == CELL_DOWN:
        raise call.unavailable(f'the cell of server {row["id"]} does not answer')
    if HOST not in row:
        raise call.refused(f'Nova does not show the host of server {row["id"]}: the user of hostha has the wrong role, it needs admin')
    if row['status'] == 'DELETED':
        return None
    return Server(
        row['id'], row['name'] or '', row[HOST] or '', row['OS-EXT-STS:vm_state'] or '', row['OS-EXT-STS:task_state'] or '',
        (row.get('fault') or {}).get('message', ''), row['created'])


def _record(row: Mapping[str, Any]) -> Evacuation:
    return Evacuation(row['id'], row['instance_uuid'], row['source_compute'], row['dest_compute'] or '', row['status'])
