"""Network namespaces: making them, configuring them, working inside them, and finding what runs in them."""

import ctypes
import os
import subprocess
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.beds.command import run, wait_until
from tests.beds.processes import Process
from tests.beds.requirements import find_program

FOLDER = Path('/run/netns')
"""Where ip-netns(8) keeps one file per namespace."""

_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def exists(namespace: str) -> bool:
    """Whether there is a namespace of this name."""
    return (FOLDER / namespace).exists()


def add(namespace: str) -> None:
    """Make a namespace, its loopback up. BedError if there is one of this name already."""
    run([find_program('ip'), 'netns', 'add', namespace])
    configure(namespace, ['link set lo up'])


def delete(namespace: str) -> None:
    """Remove a namespace with all its links; nothing if there is none of this name."""
    if exists(namespace):
        run([find_program('ip'), 'netns', 'delete', namespace])


def configure(namespace: str, commands: Iterable[str]) -> str:
    """Run commands of ip(8), without the leading ``ip``, inside a namespace, and return what they print.

    BedError at the first that fails.
    """
    return run([find_program('ip'), '-n', namespace, '-batch', '-'], stdin='\n'.join(commands) + '\n')


def inside(namespace: str, hostname: str, argv: Sequence[str]) -> list[str]:
    """The command that runs ``argv`` in a namespace, on a host of that name. It keeps its pid from start to end."""
    as_host = ['unshare', '--uts', 'sh', '-c', 'hostname "$0" && exec "$@"', hostname]
    return [find_program('ip'), 'netns', 'exec', namespace, *as_host, *argv]


def popen(namespace: str, hostname: str, argv: Sequence[str], **options: Any) -> subprocess.Popen[Any]:
    """Start a command as ``inside`` says. On return it is there, hence found by ``processes``, or has ended."""
    child = subprocess.Popen(inside(namespace, hostname, argv), **options)
    there = os.stat(FOLDER / namespace).st_ino
    wait_until(
        lambda: _namespace_of(child.pid) == there or child.poll() is not None,
        f'{argv[0]} in the namespace {namespace}',
        timeout=10,
        interval=0.001,
    )
    return child


@contextmanager
def entered(namespace: str) -> Iterator[None]:
    """The calling thread, and no other, is in the namespace until the end of the block.

    Sockets made in the block belong to the namespace for good; threads started in it stay there.
    """
    home = os.open('/proc/thread-self/ns/net', os.O_RDONLY)
    try:
        there = os.open(FOLDER / namespace, os.O_RDONLY)
        try:
            _set_namespace(there)
        finally:
            os.close(there)
        try:
            yield
        finally:
            _set_namespace(home)
    finally:
        os.close(home)


def processes(namespaces: Collection[str]) -> list[Process]:
    """All processes in these namespaces, except the calling one."""
    wanted = {os.stat(FOLDER / namespace).st_ino for namespace in namespaces if exists(namespace)}
    pids = (int(entry) for entry in os.listdir('/proc') if entry.isdigit())
    # The start time is read first: should the pid be recycled after that, the identity no longer fits, and it is safe.
    found = (process for pid in pids if pid != os.getpid() and (process := Process.of(pid)))
    return [process for process in found if _namespace_of(process.pid) in wanted]


def _namespace_of(pid: int) -> int | None:
    """The inode of a process's namespace; None if it is gone, or hidden from us and so none that we started."""
    try:
        return os.stat(f'/proc/{pid}/ns/net').st_ino
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None


def _set_namespace(handle: int) -> None:
    """setns(2); Python has it from 3.12 on."""
    if _libc.setns(handle, _CLONE_NEWNET):
        error = ctypes.get_errno()
        raise OSError(error, f'setns: {os.strerror(error)}')
