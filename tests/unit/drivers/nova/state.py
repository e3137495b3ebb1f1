"""What a small Nova knows, and its answers: of the outside, so that the driver can be tested without one.

Times are those of its own clock, ``now``, which stands still until a test moves it.
"""

import itertools
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

FAULTS = {400: 'badRequest', 403: 'forbidden', 404: 'itemNotFound', 409: 'conflictingRequest', 413: 'overLimit', 429: 'overLimit',
          503: 'serviceUnavailable'}
HOST = 'OS-EXT-SRV-ATTR:host'
STATE, TASK = 'OS-EXT-STS:vm_state', 'OS-EXT-STS:task_state'

Reply = tuple[int, Any]


def fault(status: int, message: str) -> Reply:
    """An error as Nova words it."""
    return status, {FAULTS.get(status, 'computeFault'): {'code': status, 'message': message}}


@dataclass
class NovaState:
    """max_limit: rows of a page at most. admin: whether the caller has the admin role."""

    services: dict[str, dict[str, Any]] = field(default_factory=dict)
    servers: dict[str, dict[str, Any]] = field(default_factory=dict)
    records: list[dict[str, Any]] = field(default_factory=list)
    guests: dict[str, set[str]] = field(default_factory=dict)
    alive: set[str] = field(default_factory=set)
    now: datetime = datetime(2026, 5, 1, 12)
    max_limit: int = 1000
    admin: bool = True
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def time(self) -> str:
        return self.now.strftime('%Y-%m-%dT%H:%M:%SZ')

    def add_host(self, host: str) -> None:
        self.alive.add(host)
        self.services[host] = {
            'id': f'service-of-{host}', 'binary': 'nova-compute', 'host': host, 'status': 'enabled', 'forced_down': False,
            'disabled_reason': None, 'updated_at': '2026-05-01T12:00:00.000000', 'zone': 'nova'}

    def add_server(self, host: str | None, state: str = 'active', **more: Any) -> str:
        server = f'server-{next(self.numbers):06}'
        self.servers[server] = {
            'id': server, 'name': f'name of {server}', 'status': 'ACTIVE', HOST: host, STATE: state, TASK: None, 'created': self.time(),
            'updated': self.time(), **more}
        if host and state == 'active':
            self.guests[server] = {host}
        return server

    def change(self, server: str, **values: Any) -> None:
        names = {'host': HOST, 'state': STATE, 'task': TASK}
        self.servers[server] |= {names.get(name, name): value for name, value in values.items()} | {'updated': self.time()}

    def add_record(self, server: str, source: str, status: str = 'accepted', kind: str = 'evacuation') -> None:
        number = next(self.numbers)
        self.records.append({
            'id': number, 'uuid': f'record-{number:06}', 'instance_uuid': server, 'source_compute': source, 'dest_compute': None,
            'status': status, 'migration_type': kind})

    def is_up(self, host: str) -> bool:
        return host in self.alive and not self.services[host]['forced_down']

    def go_on(self) -> None:
        """What Nova has accepted is done: rebuilds end, on the first host that takes servers."""
        self.now += timedelta(seconds=1)
        for record in self.records:
            if record['status'] == 'accepted':
                target = next(host for host, row in self.services.items() if self.is_up(host) and row['status'] == 'enabled')
                record |= {'status': 'done', 'dest_compute': target}
                self.change(record['instance_uuid'], host=target, task=None, status='ACTIVE')
                self.guests[record['instance_uuid']] = {target}

    # --- answers ---

    def list_services(self, query: dict[str, str]) -> Reply:
        rows = [row | ({} if row['status'] == 'UNKNOWN' else {'state': 'up' if self.is_up(row['host']) else 'down'})
                for row in self.services.values() if query.get('host', row['host']) == row['host']]
        return 200, {'services': [row for row in rows if row['binary'] == query.get('binary', row['binary'])]}

    def write_service(self, number: str, body: dict[str, Any]) -> Reply:
        row = next((row for row in self.services.values() if row['id'] == number), None)
        if row is None:
            return fault(404, f'Service {number} not found.')
        if body.get('forced_down') is False and any(r['status'] == 'done' and r['source_compute'] == row['host'] for r in self.records):
            return fault(400, f'Unable to force up host {row["host"]} as `done` evacuation migration records remain')
        row |= body | ({'disabled_reason': None} if body.get('status') == 'enabled' else {})
        return 200, {'service': row}

    def list_servers(self, query: dict[str, str]) -> Reply:
        rows = list(self.servers.values()) if 'all_tenants' in query else []
        if self.admin and 'host' in query:
            rows = [row for row in rows if (row[HOST] or '').lower() == query['host'].lower()]
        if 'changes-since' in query:
            rows = [row for row in rows if row['updated'] >= query['changes-since']]
        else:
            rows = [row for row in rows if row['status'] != 'DELETED']
        if query.get('sort_key') == 'updated_at':
            rows.sort(key=lambda row: row['updated'], reverse=query['sort_dir'] == 'desc')
        if not self.admin:
            rows = [{name: value for name, value in row.items() if name != HOST} for row in rows]
        return self.page('servers', rows, query, 'id')

    def list_records(self, query: dict[str, str]) -> Reply:
        rows = [row for row in reversed(self.records)
                if row['migration_type'] == query.get('migration_type', row['migration_type'])
                and row['source_compute'].lower() == query.get('source_compute', row['source_compute']).lower()]
        return self.page('migrations', rows, query, 'uuid')

    def page(self, key: str, rows: list[dict[str, Any]], query: dict[str, str], name: str) -> Reply:
        if 'marker' in query:
            names = [row[name] for row in rows]
            if query['marker'] not in names:
                return fault(400, f'marker [{query["marker"]}] not found')
            rows = rows[names.index(query['marker']) + 1:]
        limit = min(int(query.get('limit', self.max_limit)), self.max_limit)
        rows = rows[:limit]
        return 200, {key: rows} | ({f'{key}_links': [{'rel': 'next', 'href': 'more'}]} if len(rows) == limit else {})

    def show_server(self, server: str) -> Reply:
        row = self.servers.get(server)
        if row is None or row['status'] == 'DELETED':
            return fault(404, f'Instance {server} could not be found.')
        return 200, {'server': row}

    def delete_server(self, server: str) -> Reply:
        if self.show_server(server)[0] == 404:
            return self.show_server(server)
        self.change(server, status='DELETED', state='deleted', task=None)
        self.guests.pop(server, None)
        return 204, None

    def act(self, server: str, body: dict[str, Any]) -> Reply:
        if self.show_server(server)[0] == 404:
            return self.show_server(server)
        action, = body
        return getattr(self, {'evacuate': '_evacuate', 'os-stop': '_stop', 'os-resetState': '_reset'}[action])(server)

    def _evacuate(self, server: str) -> Reply:
        source = self.servers[server][HOST]
        if self.is_up(source):
            return fault(400, f'Compute service of {source} is still in use.')
        self.change(server, task='rebuilding', status='REBUILD')
        self.add_record(server, source)
        return 200, None

    def _stop(self, server: str) -> Reply:
        if self.servers[server][STATE] != 'active':
            return fault(409, f"Cannot 'stop' instance {server} while it is in vm_state {self.servers[server][STATE]}")
        self.change(server, state='stopped', status='SHUTOFF')
        self.guests.pop(server, None)
        return 202, None

    def _reset(self, server: str) -> Reply:
        self.change(server, state='error', task=None, status='ERROR')
        return 202, None
