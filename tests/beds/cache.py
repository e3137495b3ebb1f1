"""Where beds keep what they had to download or build, so that the next run finds it.

A folder is named after what it holds and after a lock: the bytes that determine its content.
Another lock, another folder.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def cache_directory(name: str, lock: bytes) -> Path:
    """The folder of the cache for this name and lock; made if it is not there.

    The cache is ``HOSTHA_BED_CACHE``, else ``hostha-beds`` in ``XDG_CACHE_HOME``, else in ``~/.cache``.
    """
    directory = _root() / f'{name}-{hashlib.sha256(lock).hexdigest()[:12]}'
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def _root() -> Path:
    if own := os.environ.get('HOSTHA_BED_CACHE'):
        return Path(own)
    return Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache') / 'hostha-beds'


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Keep other processes, and other threads, out of the same block for this folder; waits for them without limit.

    The kernel lifts the lock when its holder ends, however it ends.
    """
    with open(directory / '.lock', 'wb') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
