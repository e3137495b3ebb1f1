"""What Keystone tells clients about the services, and the services' trust in each other."""

from tests.beds.openstack.plan import Plan
from tests.beds.openstack.settings import SERVICE_USER

_SERVICES = {
    'compute': 'nova', 'placement': 'placement', 'image': 'glance', 'network': 'neutron',
    'identity': 'keystone',
}


def statements(plan: Plan) -> str:
    """Keystone's catalogue anew, with this bed's ports, and the role with which services vouch for each other.

    As statements: it is the only part that differs from bed to bed, and Keystone does not have to run for it.
    """
    lines = ['DELETE FROM endpoint', 'DELETE FROM service']
    for kind, name in _SERVICES.items():
        lines.append(f"INSERT INTO service (id, type, enabled, extra) VALUES ('{name}', '{kind}', 1, '{{\"name\": \"{name}\"}}')")
        lines += [
            'INSERT INTO endpoint (id, interface, service_id, url, extra, enabled, region_id)'
            f" VALUES ('{name}-{interface}', '{interface}', '{name}', '{plan.endpoint(name)}', '{{}}', 1, 'RegionOne')"
            for interface in ('public', 'internal')]
    lines.append(
        'INSERT IGNORE INTO assignment (type, actor_id, target_id, role_id, inherited)'
        " SELECT 'UserProject', local_user.user_id, project.id, role.id, 0 FROM local_user, project, role"
        f" WHERE local_user.name = '{SERVICE_USER}' AND project.name = 'service' AND role.name = 'service'")
    return ';\n'.join(lines)
