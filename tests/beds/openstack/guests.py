"""VMs of the bed: made, and read back from Nova."""

from collections.abc import Mapping

from tests.beds.command import BedError, wait_until
from tests.beds.openstack.rest import Api, Json, find

_ATTRIBUTES = {'id': 'id', 'name': 'name', 'status': 'status', 'host': 'OS-EXT-SRV-ATTR:host', 'task_state': 'OS-EXT-STS:task_state'}


def servers(api: Api) -> list[Json]:
    """All VMs of all projects as Nova sees them, each with id, name, status, host and task_state."""
    found = api.pages('nova', '/servers/detail?all_tenants=1&limit=1000', 'servers')
    return [{ours: server[theirs] for ours, theirs in _ATTRIBUTES.items()} for server in found]


def create(api: Api, per_host: Mapping[str, int], metadata: Mapping[str, str], neutron: bool) -> list[Json]:
    """Create so many VMs on each host and wait until they are ACTIVE there. BedError if one of them is not."""
    before = {server['id'] for server in servers(api)}
    template = {
        'imageRef': _image(api), 'flavorRef': _flavor(api), 'metadata': dict(metadata),
        'networks': [{'uuid': _network(api)}] if neutron else 'none',
    }
    for host, count in per_host.items():
        if count:
            server = template | {'name': f'{host}-vm', 'host': host, 'min_count': count, 'max_count': count}
            api.call('POST', 'nova', '/servers', {'server': server})

    def new() -> list[Json]:
        return [server for server in servers(api) if server['id'] not in before]
    wanted = sum(per_host.values())
    wait_until(lambda: _active(api, new()) == wanted, f'{wanted} VMs are ACTIVE', timeout=60 + 3 * wanted, interval=0.5)
    return new()


def _active(api: Api, new: list[Json]) -> int:
    if failed := find(new, status='ERROR'):
        fault = api.call('GET', 'nova', f'/servers/{failed["id"]}')['server'].get('fault')
        raise BedError(f'the VM {failed["name"]} is in ERROR: {fault}')
    return sum(server['status'] == 'ACTIVE' and not server['task_state'] for server in new)


def _image(api: Api) -> str:
    if found := find(api.call('GET', 'glance', '/images')['images'], name='bed', status='active'):
        return str(found['id'])
    image = api.call('POST', 'glance', '/images', {
        'name': 'bed', 'disk_format': 'raw', 'container_format': 'bare', 'visibility': 'public'})
    api.call('PUT', 'glance', f'/images/{image["id"]}/file', bytes(512))
    return str(image['id'])


def _flavor(api: Api) -> str:
    if not find(api.call('GET', 'nova', '/flavors')['flavors'], id='bed'):
        api.call('POST', 'nova', '/flavors', {'flavor': {'name': 'bed', 'id': 'bed', 'vcpus': 1, 'ram': 512, 'disk': 1}})
    return 'bed'


def _network(api: Api) -> str:
    if found := find(api.call('GET', 'neutron', '/networks')['networks'], name='bed'):
        return str(found['id'])
    network = api.call('POST', 'neutron', '/networks', {'network': {'name': 'bed', 'shared': True}})['network']
    api.call('POST', 'neutron', '/subnets', {'subnet': {
        'name': 'bed', 'network_id': network['id'], 'cidr': '10.99.0.0/16', 'ip_version': 4, 'enable_dhcp': False}})
    return str(network['id'])
