"""The configuration files of the bed's services."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.beds.openstack.plan import PASSWORD, Plan

Section = Mapping[str, object]
Settings = dict[str, Section]
DatabaseUrl = Callable[[str], str]

SERVICE_USER = 'openstack'
"""The services' own user, with which they speak to each other."""


def write(plan: Plan, database: DatabaseUrl, venv: Path) -> None:
    """Write all of them. ``database``: the URL of a database by name."""
    _write(plan.etc / 'keystone/keystone.conf', _keystone(plan, database))
    _write(plan.etc / 'placement/placement.conf', _placement(plan, database))
    _write(plan.etc / 'glance/glance-api.conf', _glance(plan, database))
    _write(plan.etc / 'neutron/neutron.conf', _neutron(plan, database))
    _write(plan.etc / 'nova/nova.conf', _nova(plan) | _nova_controllers(database))
    _write(plan.etc / 'nova/nova-compute.conf', _nova(plan))
    for host in plan.hosts:
        _write(plan.etc / f'nova/hosts/{host}.conf', _host(plan, host))
    for paste in ('nova/api-paste.ini', 'glance/glance-api-paste.ini', 'neutron/api-paste.ini'):
        shutil.copy(venv / 'etc' / paste, plan.etc / paste)
    _write(plan.etc / 'bed-1.dist-info/entry_points.txt', {
        'neutron.ml2.mechanism_drivers': {'bed': 'tests.beds.openstack.inside.network:BindEverywhere'}})
    (plan.etc / 'bed-1.dist-info/METADATA').write_text('Metadata-Version: 2.1\nName: bed\nVersion: 1\n')
    (plan.etc / 'rabbitmq.conf').write_text(
        f'listeners.tcp.1 = 127.0.0.1:{plan.ports["rabbitmq"]}\nlog.file.level = warning\n')


def _write(path: Path, settings: Mapping[str, Section]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = []
    for section, options in settings.items():
        lines += [f'[{section}]', *(f'{name} = {value}' for name, value in options.items())]
    path.write_text('\n'.join(lines) + '\n')


def _keystone(plan: Plan, database: DatabaseUrl) -> Settings:
    return {
        'database': _connection(database, 'keystone'),
        'identity': {'password_hash_rounds': 4},  # cheap on purpose: every host logs in, and a real hash costs 0.25 s
        'token': {'expiration': 43200},
        'fernet_tokens': {'key_repository': plan.data / 'keys/fernet'},
        'credential': {'key_repository': plan.data / 'keys/credential'},
        'cache': _cache(plan),
    }


def _placement(plan: Plan, database: DatabaseUrl) -> Settings:
    return {'placement_database': _connection(database, 'placement'), 'keystone_authtoken': _token_check(plan)}


def _glance(plan: Plan, database: DatabaseUrl) -> Settings:
    staging = plan.data / 'staging'
    return {
        'DEFAULT': {
            'transport_url': _transport(plan), 'enabled_backends': 'fs:file',
            'node_staging_uri': f'file://{staging}', 'worker_self_reference_url': plan.url('glance'),
        },
        'glance_store': {'default_backend': 'fs'},
        'fs': {'filesystem_store_datadir': plan.data / 'images'},
        'os_glance_staging_store': {'filesystem_store_datadir': staging},
        'os_glance_tasks_store': {'filesystem_store_datadir': staging},
        'database': _connection(database, 'glance'),
        'paste_deploy': {'flavor': 'keystone', 'config_file': plan.etc / 'glance/glance-api-paste.ini'},
        'keystone_authtoken': _token_check(plan),
        'oslo_messaging_notifications': {'driver': 'noop'},
    }


def _neutron(plan: Plan, database: DatabaseUrl) -> Settings:
    return {
        'DEFAULT': {
            'transport_url': _transport(plan), 'state_path': plan.data / 'neutron', 'core_plugin': 'ml2', 'service_plugins': '',
            'dhcp_agent_notification': False, 'notify_nova_on_port_status_changes': False,
            'notify_nova_on_port_data_changes': False, 'api_paste_config': plan.etc / 'neutron/api-paste.ini',
        },
        'database': _connection(database, 'neutron'),
        'keystone_authtoken': _token_check(plan),
        'oslo_concurrency': {'lock_path': plan.data / 'neutron'},
        'oslo_messaging_notifications': {'driver': 'noop'},
        'quotas': {'quota_port': -1},
        'ml2': {
            'type_drivers': 'local', 'tenant_network_types': 'local', 'mechanism_drivers': 'bed', 'extension_drivers': ''},
    }


def _nova(plan: Plan) -> Settings:
    return {
        'DEFAULT': {
            'transport_url': _transport(plan), 'state_path': plan.data / 'nova', 'my_ip': '127.0.0.1', 'host': 'control',
            'compute_driver': 'bed.BedDriver', 'report_interval': plan.report_interval,
            'service_down_time': plan.service_down_time, 'periodic_fuzzy_delay': 0,
        },
        'quota': {'instances': -1, 'cores': -1, 'ram': -1},
        'vnc': {'enabled': False},
        'oslo_concurrency': {'lock_path': plan.data / 'nova/lock'},
        'oslo_messaging_notifications': {'driver': 'noop'},
        'cache': _cache(plan),
        'keystone_authtoken': _token_check(plan),
        'placement': _login(plan),
        'neutron': _login(plan) | {'endpoint_override': plan.url('neutron')},
        'glance': _login(plan) | {'endpoint_override': plan.url('glance')},
        'service_user': _login(plan) | {'send_service_user_token': True},
    }


def _nova_controllers(database: DatabaseUrl) -> Settings:
    """What compute hosts must not have, the databases, and what lets new hosts be found in a second instead of a minute."""
    return {
        'database': _connection(database, 'nova'), 'api_database': _connection(database, 'nova_api'),
        'scheduler': {'workers': 1, 'discover_hosts_in_cells_interval': 1},
        'conductor': {'workers': 1},
    }


def _host(plan: Plan, host: str) -> Settings:
    state = plan.data / 'hosts' / host
    return {
        'DEFAULT': {'host': host, 'state_path': state, 'instances_path': state / 'instances'},
        'oslo_concurrency': {'lock_path': state / 'lock'},
    }


def _connection(database: DatabaseUrl, name: str) -> Section:
    return {'connection': f'{database(name)}?charset=utf8', 'max_pool_size': 20, 'max_overflow': 40}


def _transport(plan: Plan) -> str:
    return f'rabbit://guest:guest@127.0.0.1:{plan.ports["rabbitmq"]}/'


def _cache(plan: Plan) -> Section:
    return {
        'enabled': True, 'backend': 'dogpile.cache.pymemcache', 'memcache_servers': f'127.0.0.1:{plan.ports["memcached"]}'}


def _login(plan: Plan) -> dict[str, object]:
    return {
        'auth_type': 'password', 'auth_url': plan.endpoint('keystone'), 'username': SERVICE_USER, 'password': PASSWORD,
        'project_name': 'service', 'user_domain_id': 'default', 'project_domain_id': 'default', 'region_name': 'RegionOne',
    }


def _token_check(plan: Plan) -> Section:
    return _login(plan) | {
        'www_authenticate_uri': plan.endpoint('keystone'), 'memcached_servers': f'127.0.0.1:{plan.ports["memcached"]}',
        'service_token_roles': 'service', 'service_token_roles_required': True,
    }
