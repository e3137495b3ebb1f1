"""The secrets of fencing levels, encrypted: nobody who has only the database can power off a host.

The key file holds Fernet keys, one a line, newest first: the first encrypts, all decrypt. Without it, or with the wrong keys, hosts
can be listed and watched; their levels then come without secrets, which is logged once for each host, and such a level cannot fence.
"""

import json
import os
import stat
from collections.abc import Mapping

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from oslo_log import log

from hostha.exceptions import ConfigError

LOG = log.getLogger(__name__)
OPTION = '[database] secret_key_file'


class SecretBox:
    """Encrypts and decrypts the secrets of fencing levels."""

    def __init__(self, key_file: str = '') -> None:
        """``key_file``: path, '' for none. ConfigError if it cannot be read, is open to others, or holds no good key."""
        self._keys = MultiFernet(_keys(key_file)) if key_file else None
        self._warned: set[str] = set()

    def seal(self, secrets: Mapping[str, str]) -> str:
        """The secrets as one encrypted text; '' for none. ConfigError if there are secrets and no key."""
        if not secrets:
            return ''
        if self._keys is None:
            raise ConfigError(OPTION, '', 'is needed to store the secrets of a fencing level')
        return self._keys.encrypt(json.dumps(dict(secrets)).encode()).decode()

    def open(self, sealed: str, host: str) -> dict[str, str]:
        """The secrets in an encrypted text; none, and a warning, if they cannot be read. ``host``: whose they are, for the warning."""
        if not sealed:
            return {}
        if self._keys is None:
            return self._unreadable(host, 'is not set')
        try:
            secrets: dict[str, str] = json.loads(self._keys.decrypt(sealed.encode()))
        except InvalidToken:
            return self._unreadable(host, 'has not the key with which they were stored')
        return secrets

    def _unreadable(self, host: str, why: str) -> dict[str, str]:
        if host not in self._warned:
            self._warned.add(host)
            LOG.warning('host=%s the secrets of its fencing levels cannot be read: %s %s', host, OPTION, why)
        return {}


def _keys(key_file: str) -> list[Fernet]:
    lines = [line.strip() for line in _read(key_file).splitlines()]
    keys = [line for line in lines if line and not line.startswith('#')]
    if not keys:
        raise ConfigError(OPTION, key_file, 'holds no key')
    try:
        return [Fernet(key) for key in keys]
    except ValueError:
        # without the cause: it would show the line
        raise ConfigError(OPTION, key_file, 'holds a line that is no Fernet key') from None


def _read(key_file: str) -> str:
    try:
        with open(key_file, encoding='ascii') as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise ConfigError(OPTION, key_file, 'must be readable by its owner alone (chmod 600)')
            return file.read()
    except OSError as error:
        raise ConfigError(OPTION, key_file, f'cannot be read: {error.strerror}') from error
    except UnicodeDecodeError:
        raise ConfigError(OPTION, key_file, 'holds a line that is no Fernet key') from None
