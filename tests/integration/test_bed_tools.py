"""What all beds share: processes named safely, the cache, and the reasons why a bed cannot run."""

import fcntl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.beds.cache import cache_directory, locked
from tests.beds.command import BedError, run, wait_until
from tests.beds.fixtures import need
from tests.beds.processes import Process
from tests.beds.requirements import missing

Sleeper = subprocess.Popen[bytes]


@pytest.fixture
def sleeper() -> Iterator[Sleeper]:
    child = subprocess.Popen(['sleep', '600'])
    yield child
    child.kill()
    child.wait()


def process_of(child: Sleeper) -> Process:
    process = Process.of(child.pid)
    assert process is not None
    return process


class TestProcess:
    def test_a_killed_process_has_ended_on_return(self, sleeper: Sleeper) -> None:
        process = process_of(sleeper)
        assert process.running()
        process.kill()
        assert not process.running()
        assert sleeper.wait(timeout=0) == -9

    def test_another_process_with_the_same_pid_is_never_killed(self, sleeper: Sleeper) -> None:
        process = process_of(sleeper)
        former = Process(process.pid, process.started - 1)
        former.kill()
        assert not former.running()
        assert process.running()

    def test_a_record_finds_the_process_only_while_it_runs(self, sleeper: Sleeper, tmp_path: Path) -> None:
        process = process_of(sleeper)
        process.record(tmp_path / 'process')
        assert Process.recorded(tmp_path / 'process') == process
        process.kill()
        assert Process.recorded(tmp_path / 'process') is None
        assert Process.recorded(tmp_path / 'nothing') is None

    def test_waiting_for_a_process_that_goes_on_gives_up(self, sleeper: Sleeper) -> None:
        with pytest.raises(BedError, match='still runs'):
            process_of(sleeper).wait(timeout=0.05)


class TestCache:
    def test_a_folder_per_name_and_lock(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv('HOSTHA_BED_CACHE', str(tmp_path / 'own'))
        one = cache_directory('consul', b'')
        assert one == tmp_path / 'own' / 'consul-e3b0c44298fc'
        assert one.is_dir()
        assert len({one, cache_directory('consul', b'1'), cache_directory('nova', b'')}) == 3

    def test_by_default_it_lies_where_caches_lie(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv('HOSTHA_BED_CACHE', raising=False)
        monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
        assert cache_directory('consul', b'').parent == tmp_path / 'hostha-beds'

    def test_a_locked_folder_is_locked_until_the_end_of_the_block(self, tmp_path: Path) -> None:
        with open(tmp_path / '.lock', 'wb') as rival:
            with locked(tmp_path), pytest.raises(BlockingIOError):
                fcntl.flock(rival, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.flock(rival, fcntl.LOCK_EX | fcntl.LOCK_NB)


class TestNeed:
    def test_no_reason_lets_the_test_go_on(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv('CI', 'true')
        need([])

    def test_a_reason_skips_and_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv('CI', raising=False)
        with pytest.raises(pytest.skip.Exception, match='it must run as root'):
            need(['it must run as root'])

    def test_a_reason_fails_where_nothing_may_be_skipped(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv('CI', 'true')
        with pytest.raises(pytest.fail.Exception, match='it must run as root'):
            need(['it must run as root'])

    def test_a_missing_program_is_named_with_its_package(self) -> None:
        reasons = missing(programs={'sh': 'dash', 'no-such-program': 'no-such-package'})
        assert reasons == ['the program no-such-program is not installed (Debian package no-such-package)']


class TestCommand:
    def test_a_failure_tells_what_the_program_said(self) -> None:
        with pytest.raises(BedError, match=r'ended with 3: oops'):
            run(['sh', '-c', 'echo oops >&2; exit 3'])

    def test_a_program_that_hangs_is_ended(self) -> None:
        with pytest.raises(BedError, match='timed out'):
            run(['sleep', '600'], timeout=0.1)

    def test_waiting_in_vain_says_for_what(self) -> None:
        with pytest.raises(BedError, match='pigs fly'):
            wait_until(lambda: False, 'pigs fly', timeout=0.05, interval=0.01)
