"""The data of a cloud in which nothing has happened yet: made once by the real migrations, then copied from the cache."""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.beds.cache import cache_directory, locked
from tests.beds.command import run
from tests.beds.mariadb import MariaDB
from tests.beds.openstack import catalogue
from tests.beds.openstack.install import LOCK
from tests.beds.openstack.plan import PASSWORD, Plan
from tests.beds.openstack.settings import SERVICE_USER
from tests.beds.requirements import find_program

_DATABASES = ('keystone', 'placement', 'nova_api', 'nova_cell0', 'nova', 'glance', 'neutron')
_CELL = '{scheme}://{username}:{password}@{hostname}:{port}/'
_USERS = {SERVICE_USER: 'service', 'hostha': 'service', 'admin': 'demo'}
"""User -> project. All are administrators."""


def prepare(plan: Plan, mariadb: MariaDB, venv: Path) -> None:
    """Leave MariaDB running, with a cloud's data: this bed's own from before, else the cache's, else new and then cached.

    The files are copied, not a dump of them: that takes a tenth of a second, and loading a dump many.
    """
    prepared = plan.data / 'prepared'
    if not prepared.exists():
        cache = cache_directory('openstack-pristine', _lock(plan))
        with locked(cache):
            _build_or_restore(plan, mariadb, venv, cache)
        prepared.touch()
    mariadb.up()
    mariadb.execute(catalogue.statements(plan), 'keystone')


def _build_or_restore(plan: Plan, mariadb: MariaDB, venv: Path, cache: Path) -> None:
    ours = {'mariadb': mariadb.data, 'keys': plan.data / 'keys'}
    cached, complete = {name: cache / name for name in ours}, cache / 'complete'
    if complete.exists():
        _copy(cached, ours)
        return
    for half in ours.values():
        shutil.rmtree(half, ignore_errors=True)
    _build(plan, mariadb, venv)
    mariadb.down()  # only the files of a server that was shut down are whole
    _copy(ours, cached)
    complete.touch()


def _lock(plan: Plan) -> bytes:
    """All that the data depend on."""
    server = run([find_program('mariadbd'), '--version'])
    return b'\0'.join((LOCK.read_bytes(), Path(__file__).read_bytes(), server.encode(), str(plan.neutron).encode()))


def _copy(sources: dict[str, Path], targets: dict[str, Path]) -> None:
    for name, target in targets.items():
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(sources[name], target)


def _build(plan: Plan, mariadb: MariaDB, venv: Path) -> None:
    mariadb.up()
    for database in _DATABASES:
        mariadb.create_database(database, 'utf8mb3')
    jobs = [_keystone, _nova, _placement_and_glance] + ([_neutron] if plan.neutron else [])
    with ThreadPoolExecutor(len(jobs)) as pool:
        for job in [pool.submit(job, plan, venv) for job in jobs]:
            job.result()


def _keystone(plan: Plan, venv: Path) -> None:
    manage = [f'{venv}/bin/keystone-manage', f'--config-file={plan.etc}/keystone/keystone.conf']
    for repository in ('fernet', 'credential'):
        (plan.data / 'keys' / repository).mkdir(parents=True, mode=0o700)
    run([*manage, 'db_sync'])
    owner = [f'--keystone-user={os.getuid()}', f'--keystone-group={os.getgid()}']
    run([*manage, 'fernet_setup', *owner])
    run([*manage, 'credential_setup', *owner])
    for user, project in _USERS.items():
        run([*manage, 'bootstrap', f'--bootstrap-username={user}', f'--bootstrap-project-name={project}',
             f'--bootstrap-password={PASSWORD}', '--bootstrap-region-id=RegionOne'])


def _nova(plan: Plan, venv: Path) -> None:
    """The cell's addresses are templates that Nova fills from its own configuration, so the data fit any port."""
    manage = [f'{venv}/bin/nova-manage', f'--config-file={plan.etc}/nova/nova.conf']
    run([*manage, 'api_db', 'sync'])
    run([*manage, 'cell_v2', 'map_cell0', f'--database_connection={_CELL}nova_cell0?{{query}}'])
    run([*manage, 'db', 'sync'])
    run([*manage, 'cell_v2', 'create_cell', '--name=cell1',
         f'--database_connection={_CELL}nova?{{query}}', f'--transport-url={_CELL}'])


def _placement_and_glance(plan: Plan, venv: Path) -> None:
    run([f'{venv}/bin/placement-manage', f'--config-file={plan.etc}/placement/placement.conf', 'db', 'sync'])
    run([f'{venv}/bin/glance-manage', f'--config-file={plan.etc}/glance/glance-api.conf', 'db_sync'])


def _neutron(plan: Plan, venv: Path) -> None:
    run([f'{venv}/bin/neutron-db-manage', f'--config-file={plan.etc}/neutron/neutron.conf', 'upgrade', 'head'])
