"""Debian packages that beds need: put there if we may, else a plain reason why the bed cannot run."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.beds.command import run
from tests.beds.requirements import missing

_POLICY = Path('/usr/sbin/policy-rc.d')


def reasons(programs: Mapping[str, str]) -> list[str]:
    """Why a bed that needs these programs (program -> Debian package) cannot run here; empty if it can.

    A program that is missing is no reason for root on a Debian: ``install`` will see to it.
    """
    absent = missing(programs=programs)
    may_install = os.geteuid() == 0 and not missing(programs={'apt-get': 'apt'})
    return [] if may_install else absent


def install(programs: Mapping[str, str]) -> None:
    """Install the packages of the programs that are missing, and let none of them start its daemon. BedError if apt fails."""
    wanted = [package for program, package in programs.items() if missing(programs={program: package})]
    if not wanted:
        return
    with _no_daemons():
        run(['apt-get', '-q', 'update'])
        run(['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qy', 'install', '--no-install-recommends', *wanted], timeout=900)


@contextmanager
def _no_daemons() -> Iterator[None]:
    """Debian asks policy-rc.d before a package may start its service; 101 means no. One that is there already stays."""
    if _POLICY.exists():
        yield
        return
    _POLICY.write_text('#!/bin/sh\nexit 101\n')
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink()
