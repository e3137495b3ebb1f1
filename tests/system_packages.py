"""Installs the system packages that bindep.txt lists, where they may be installed, and says plainly where not.

Run by "make test". Exit status 0 also when packages stay missing: the tests that need them say so, and fail where CI is set.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

BINDEP = Path(__file__).resolve().parents[1] / 'bindep.txt'
PROGRAMS = {
    'fping': 'fping', 'iproute2': 'ip', 'nftables': 'nft', 'iputils-ping': 'ping', 'util-linux': 'unshare', 'make': 'make',
    'mariadb-server': 'mariadbd', 'rabbitmq-server': 'rabbitmq-server', 'memcached': 'memcached', 'python3-venv': 'python3'}
"""Package -> a program of it, by which it is recognised without asking dpkg."""

BY_THE_BEDS = ('mariadb-server', 'rabbitmq-server', 'memcached')
"""Left to the test beds, which keep Debian from starting them as services of the machine."""

SEARCH = os.environ.get('PATH', '') + ':/usr/sbin:/sbin:/usr/lib/rabbitmq/bin'


def wanted() -> list[str]:
    """The Debian packages of bindep.txt."""
    lines = (line.split('#')[0].split() for line in BINDEP.read_text('utf-8').splitlines())
    return [words[0] for words in lines if words and 'platform:dpkg' in ' '.join(words)]


def missing() -> list[str]:
    """Those that are not here."""
    return [package for package in wanted() if package not in BY_THE_BEDS and not shutil.which(PROGRAMS[package], path=SEARCH)]


def main() -> int:
    """Install what is missing, or say what is."""
    packages = missing()
    if not packages:
        return 0
    if os.geteuid() != 0 or not shutil.which('apt-get'):
        print(f'missing system packages: {" ".join(packages)}; install them (as root, with apt-get) to run every test')
        return 0
    print(f'installing: {" ".join(packages)}')
    environment = {**os.environ, 'DEBIAN_FRONTEND': 'noninteractive'}
    for command in (['apt-get', '-q', 'update'], ['apt-get', '-qy', 'install', '--no-install-recommends', *packages]):
        result = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if result.returncode:
            print(f'{" ".join(command)} failed:\n{result.stdout[-2000:]}')
            return 0
    return 0


if __name__ == '__main__':
    sys.exit(main())
