"""What a bed needs of the machine, and in plain words what is missing of it."""

import os
import shutil
import subprocess
from collections.abc import Mapping

SYSTEM_PATH = os.pathsep.join((os.environ.get('PATH', os.defpath), '/usr/sbin', '/sbin'))
"""Administrators' programs are looked for even where the PATH of the test run lacks their folders."""


def find_program(name: str) -> str:
    """The full path of a program, or its bare name if it is not installed."""
    return shutil.which(name, path=SYSTEM_PATH) or name


def missing(*, root: bool = False, programs: Mapping[str, str] | None = None, namespaces: bool = False) -> list[str]:
    """Why a bed cannot run here: one plain sentence for each thing that is missing, none if it can.

    root        the bed must run as root
    programs    program -> Debian package that holds it
    namespaces  the bed makes network namespaces; tried out with one, if nothing else is missing
    """
    reasons = []
    if root and os.geteuid() != 0:
        reasons.append('it must run as root')
    for program, package in (programs or {}).items():
        if not shutil.which(program, path=SYSTEM_PATH):
            reasons.append(f'the program {program} is not installed (Debian package {package})')
    if namespaces and not reasons:
        reasons += _no_namespaces()
    return reasons


def _no_namespaces() -> list[str]:
    ip, probe = find_program('ip'), f'hostha-probe-{os.getpid()}'
    added = subprocess.run([ip, 'netns', 'add', probe], check=False, capture_output=True, text=True)
    if added.returncode:
        return [f'this machine gives us no network namespaces: {added.stderr.strip()}']
    subprocess.run([ip, 'netns', 'delete', probe], check=True)
    return []
