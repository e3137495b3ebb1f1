"""Installs the system packages that bindep.txt lists, where they may be installed, and says plainly where not.

Run by the Makefile: with "test" for all of them, else for those without which hostha itself does not run. Exit status 0 also when
packages stay missing: the tests that need them say so, and fail where CI is set.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

BINDEP = Path(__file__).resolve().parents[1] / 'bindep.txt'
PROGRAMS = {
    'fping': 'fping', 'iproute2': 'ip', 'nftables': 'nft', 'iputils-ping': 'ping', 'util-linux': 'unshare', 'make': 'make',
    'mariadb-server': 'mariadbd', 'rabbitmq-server': 'rabbitmq-server', 'memcached': 'memcached'}
"""Package -> a program of it, by which it is recognised without asking dpkg."""

MODULES = {'python3-venv': 'ensurepip'}
"""Package -> a Python module of it."""

BY_THE_BEDS = ('mariadb-server', 'rabbitmq-server', 'memcached')
"""Left to the test beds, which keep Debian from starting them as services of the machine."""

SEARCH = os.environ.get('PATH', '') + ':/usr/sbin:/sbin:/usr/lib/rabbitmq/bin'


def wanted(test: bool) -> list[str]:
    """The Debian packages of bindep.txt."""
    lines = (line.split('#')[0].replace('[', ' ').replace(']', ' ').split() for line in BINDEP.read_text('utf-8').splitlines())
    return [words[0] for words in lines if 'platform:dpkg' in words and (test or 'test' not in words)]


def present(package: str) -> bool:
    """Whether it is here."""
    if package in MODULES:
        return importlib.util.find_spec(MODULES[package]) is not None
    return shutil.which(PROGRAMS[package], path=SEARCH) is not None


def main() -> int:
    """Install what is missing, or say what is."""
    packages = [package for package in wanted(sys.argv[1:] == ['test']) if package not in BY_THE_BEDS and not present(package)]
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
