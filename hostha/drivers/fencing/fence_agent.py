"""Any fence program of ClusterLabs (fence_ipmilan, fence_redfish, ...), by its interface: FenceAgentAPI.md of ClusterLabs/fence-agents."""

import errno
import os
import re
import shlex
import shutil
from collections.abc import Iterable, Mapping
from typing import Never
from urllib.parse import quote

from oslo_log import log as logging

from hostha.core.fencing import program
from hostha.core.model import LevelSpec, Power
from hostha.drivers.fencing.program import Run, run
from hostha.exceptions import OutcomeUnknown, Refused, Unavailable
from hostha.ports import FenceOrder

LOG = logging.getLogger(__name__)

SHOWN = 400
"""Characters of a program's output that are shown."""

_OWN = ('agent', 'action', 'option')
"""Never passed on as the operator gave them: the program is ours to run, the action ours to give."""

_TARGETS = ('plug', 'port')
"""Two names of one option: which host is meant, for programs whose device serves several."""

_STATUS = re.compile(r'^\s*status\s*:\s*(\w+)', re.IGNORECASE | re.MULTILINE)
_NO_WAY = (errno.ENOENT, errno.EACCES, errno.EPERM, errno.ENOEXEC, errno.ENOTDIR, errno.ELOOP)


class FenceAgent:
    """A fence program, run once for the order and again, apart from it, for each look at the power.

    All options go to its standard input, secrets too: they are in no process list, environment, log, exception or description.
    ``{host}`` in an option stands for the name of the host.

    timeout: seconds for one run; then it is killed with all its children. defaults: options that the level may override. plug: whether
    the device may serve several hosts: then the host's name is given as ``plug``, unless the level says which one it is.
    """

    def __init__(self, timeout: float, defaults: Mapping[str, str] | None = None, *, plug: bool = True) -> None:
        self._timeout, self._defaults, self._plug = timeout, dict(defaults or {}), plug

    def off(self, order: FenceOrder) -> None:
        """Ask for the power to be switched off. Exit status 0 is "asked": a device may say so and stay on.

        The interface knows one failure, 1, for "not carried out" as well as "could not be verified": every failure is OutcomeUnknown,
        and so is the end of its time. Refused if the program does not exist or its input would be malformed, Unavailable if the machine
        could not start it; nothing was sent then.
        """
        done = self._run(order, 'off')
        if done.code is None:
            self._unknown(order, f'killed, it had {self._timeout:g} s{self._said(order, done)}')
        if done.code != 0:
            self._unknown(order, f'exit status {done.code}{self._said(order, done)}')

    def power(self, order: FenceOrder) -> Power:
        """What the action ``status`` says: 0 is on, 2 is off, anything else, 1 above all, is unknown."""
        try:
            done = self._run(order, 'status')
        except (Refused, Unavailable) as error:
            LOG.warning('%s', error)
            return Power.UNKNOWN
        power = _power(done)
        if power is Power.UNKNOWN:
            LOG.warning('host %s: %s cannot tell whether it is off: exit status %s%s',
                        order.host, program(order.spec), done.code, self._said(order, done))
        return power

    def describe(self, order: FenceOrder) -> str:
        """The program and its options; of the secrets, their names."""
        shown = {**self._options(order), **dict.fromkeys(order.spec.secrets, '***')}
        return ' '.join([program(order.spec), *(f'{name}={value}' for name, value in shown.items())])

    def _run(self, order: FenceOrder, action: str) -> Run:
        text = self._input(order, action)
        env = {**{name: os.environ[name] for name in ('HOME', 'TMPDIR') if name in os.environ}, 'PATH': _path(), 'LC_ALL': 'C.UTF-8'}
        path = installed(program(order.spec)) or self._refuse(order, action, 'there is no such program')
        try:
            return run([path], text, self._timeout, env)
        except OSError as error:
            if error.errno in _NO_WAY:
                self._refuse(order, action, f'it cannot be run: {error}')
            raise Unavailable(f'it could not be started: {error}', driver=program(order.spec), operation=action, host=order.host) from None

    def _input(self, order: FenceOrder, action: str) -> str:
        """One ``name=value`` line an option; of a name that stands there twice the last one counts, hence the action at the end."""
        options = {**self._options(order), **order.spec.secrets, 'action': action}
        for name, value in options.items():
            if '=' in name or not _one_line(name) or not _one_line(value):
                self._refuse(order, action, f'the option {name!r} would not be one name=value line')
        return ''.join(f'{name}={value}\n' for name, value in options.items())

    def _options(self, order: FenceOrder) -> dict[str, str]:
        """The options without the secrets."""
        given = {name: value.replace('{host}', order.host) for name, value in order.spec.options.items() if name not in _OWN}
        aimed = any(name in given or name in order.spec.secrets for name in _TARGETS)
        return {**self._defaults, **({'plug': order.host} if self._plug and not aimed else {}), **given}

    def _said(self, order: FenceOrder, done: Run) -> str:
        """What the program said, without secrets, in one line."""
        text = ' '.join(scrubbed(output, order.spec, done.cut) for output in (done.stderr, done.stdout))
        words = ' '.join(''.join(char if char.isprintable() else ' ' for char in text).split())
        return f': {words[:SHOWN]}' if words else ', without a word'

    def _refuse(self, order: FenceOrder, action: str, why: str) -> Never:
        raise Refused(why, driver=program(order.spec) or 'fence_agent', operation=action, host=order.host)

    def _unknown(self, order: FenceOrder, why: str) -> Never:
        raise OutcomeUnknown(why, driver=program(order.spec), operation='off', host=order.host)


def installed(name: str) -> str | None:
    """The path of a fence program, if there is one of this name (or path) here."""
    return shutil.which(name, path=_path())


def scrubbed(text: str, spec: LevelSpec, cut: bool = False) -> str:
    """``text`` without the secrets of ``spec``, also as a shell, a URL or Python would write them.

    cut: it was cut off at its end, where half a secret may stand.
    """
    spellings = sorted(_spellings(filter(None, spec.secrets.values())), key=len, reverse=True)
    for secret in spellings:
        text = text.replace(secret, '***')
    return _without_half(text, spellings) if cut else text


def _without_half(text: str, secrets: Iterable[str]) -> str:
    text = text.rstrip('\ufffd')  # half a character
    half = max((length for secret in secrets for length in range(1, len(secret)) if text.endswith(secret[:length])), default=0)
    return text[:len(text) - half]


def _spellings(secrets: Iterable[str]) -> list[str]:
    return [spelling for secret in secrets for spelling in (shlex.quote(secret), repr(secret)[1:-1], quote(secret, safe=''), secret)]


def _one_line(text: str) -> bool:
    return text.splitlines() in ([], [text])


def _power(done: Run) -> Power:
    if done.code == 0:
        return Power.ON
    return Power.OFF if done.code == 2 and _off_is_meant(done) else Power.UNKNOWN


def _off_is_meant(done: Run) -> bool:
    """Whether exit status 2 is the program's word for "off".

    It is also that of interpreters and shells that could not even begin (a script that is gone, a wrong option): they complain on
    standard error, and say nothing of a status.
    """
    stated = _STATUS.findall(done.stdout)
    return all(word.lower() == 'off' for word in stated) if stated else not done.stderr.strip()


def _path() -> str:
    """Fence programs live in sbin, which the PATH of a service need not name."""
    return f'{os.environ.get("PATH", os.defpath)}:/usr/sbin:/sbin'
