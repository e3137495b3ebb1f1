"""The consul program: the last version that Debian packaged, taken from its archive once and kept in the cache."""

import os
import tempfile
from pathlib import Path

from tests.beds.cache import cache_directory, locked
from tests.beds.command import BedError, run

VERSION, SUITE = '1.8.7', 'bullseye'


def consul() -> Path:
    """The full path of the consul program; installed into the cache at the first call (5 s), found there later.

    The environment variable ``HOSTHA_BED_CONSUL`` names another one. BedError if it cannot be had.
    """
    if own := os.environ.get('HOSTHA_BED_CONSUL'):
        return Path(own)
    cache = cache_directory('consul', f'{VERSION} {SUITE}'.encode())
    program = cache / 'consul'
    with locked(cache):
        if not program.exists():
            _install(program)
    return program


def _install(program: Path) -> None:
    """Download and unpack the package beside the program's place, check it, and move it there in one step."""
    with tempfile.TemporaryDirectory(dir=program.parent) as name:
        work = Path(name)
        (work / 'lists' / 'partial').mkdir(parents=True)
        (work / 'sources.list').write_text(f'deb {_mirror()} {SUITE} main\n')
        apt = ['env', '-C', name, 'apt-get', *_own_lists(work), '-qq']
        run([*apt, 'update'])
        run([*apt, 'download', 'consul'])
        run(['dpkg', '-x', str(next(work.glob('consul_*.deb'))), str(work / 'unpacked')])
        unpacked = work / 'unpacked' / 'usr' / 'bin' / 'consul'
        version = run([str(unpacked), 'version'])
        if f'v{VERSION}' not in version:
            raise BedError(f'Debian {SUITE} holds another Consul than {VERSION}: {version}')
        unpacked.replace(program)


def _own_lists(work: Path) -> list[str]:
    """Options that make apt work on lists of ours, and leave the machine's alone."""
    options = {
        'APT::Sandbox::User': 'root',
        'Dir::Etc::SourceList': str(work / 'sources.list'),
        'Dir::Etc::SourceParts': '/nonexistent',
        'Dir::State::Lists': str(work / 'lists'),
    }
    return [f'-o{option}={value}' for option, value in options.items()]


def _mirror() -> str:
    """The mirror of Debian's archive that this machine's apt uses already."""
    uris = run(['apt-get', 'indextargets', '--format', '$(REPO_URI)']).split()
    for uri in uris:
        if uri.rstrip('/').endswith('/debian'):
            return uri
    raise BedError('apt of this machine knows no mirror of Debian; name a consul program in HOSTHA_BED_CONSUL')
