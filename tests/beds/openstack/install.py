"""The bed's own Python environment with the locked releases of OpenStack, made once and kept in the cache."""

import shutil
import sys
from pathlib import Path

from tests.beds.cache import cache_directory, locked
from tests.beds.command import run
from tests.beds.mariadb.server import PROGRAMS as DATABASE_PROGRAMS

LOCK = Path(__file__).with_name('lock.txt')
PROGRAMS = DATABASE_PROGRAMS | {'rabbitmq-server': 'rabbitmq-server', 'memcached': 'memcached'}


def environment() -> Path:
    """The folder of the virtual environment; installed first if it is not there yet, which takes a minute.

    The lock is complete, so nothing is resolved: a release made tomorrow cannot change what is installed.
    """
    cache = cache_directory('openstack', LOCK.read_bytes() + sys.version.encode())
    venv, complete = cache / 'venv', cache / 'complete'
    with locked(cache):
        if not complete.exists():
            shutil.rmtree(venv, ignore_errors=True)
            run([sys.executable, '-m', 'venv', str(venv)])
            pip = [str(venv / 'bin/python'), '-m', 'pip', 'install', '-q', '--disable-pip-version-check']
            run([*pip, '--no-deps', '-r', str(LOCK)], timeout=1800)
            complete.touch()
    return venv
