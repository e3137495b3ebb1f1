import sys
import time
from pathlib import Path

import pytest

from hostha.drivers.consul import Fping, ping

DEAD = '192.0.2.1'


def program(tmp_path: Path, body: str) -> Fping:
    """An fping that does as told. Its arguments go to the file ``arguments``."""
    script = tmp_path / 'fping'
    script.write_text(f'#!{sys.executable}\nimport sys, time\n'
                      f'open({str(tmp_path / "arguments")!r}, "a").write(" ".join(sys.argv[1:]) + "\\n")\n{body}\n')
    script.chmod(0o755)
    return Fping([str(script), '-r1'])


def says(tmp_path: Path, output: str, code: int = 0) -> Fping:
    return program(tmp_path, f'print({output!r})\nsys.exit({code})')


def test_all_are_asked_in_one_run(tmp_path: Path) -> None:
    fping = says(tmp_path, '192.0.2.1 is alive\n192.0.2.2 is unreachable', 1)
    assert fping.ping({'192.0.2.2', '192.0.2.1'}) == {'192.0.2.1': True, '192.0.2.2': False}
    assert (tmp_path / 'arguments').read_text() == '-r1 192.0.2.1 192.0.2.2\n'


def test_nothing_to_ask_runs_nothing(tmp_path: Path) -> None:
    assert says(tmp_path, '').ping([]) == {}
    assert not (tmp_path / 'arguments').exists()


def test_only_addresses_reach_the_command(tmp_path: Path) -> None:
    says(tmp_path, '').ping(['-f', '/etc/passwd', 'name', '', '192.0.2.1', 'fe80::1'])
    assert (tmp_path / 'arguments').read_text() == '-r1 192.0.2.1 fe80::1\n'


def test_an_address_of_which_nothing_is_said_is_missing(tmp_path: Path) -> None:
    assert says(tmp_path, 'ICMP Host Unreachable from 192.0.2.9\n192.0.2.1 is odd', 2).ping(['192.0.2.1']) == {}


@pytest.mark.parametrize('code', [3, 4])
def test_a_failure_of_fping_is_no_answer(tmp_path: Path, code: int) -> None:
    assert says(tmp_path, '192.0.2.1 is unreachable', code).ping([DEAD]) == {}


def test_a_fping_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ping, 'TIMEOUT', 0.2)
    began = time.monotonic()
    assert program(tmp_path, 'time.sleep(60)').ping([DEAD]) == {}
    assert time.monotonic() - began < 5


def test_without_fping_there_is_one_warning_and_no_answer(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    fping = Fping([str(tmp_path / 'nowhere')])
    assert [fping.ping([DEAD]), fping.ping([DEAD])] == [{}, {}]
    assert [record.levelname for record in caplog.records] == ['WARNING']


def test_without_the_right_to_run_it_there_is_no_answer(tmp_path: Path) -> None:
    (tmp_path / 'fping').write_text('')
    assert Fping([str(tmp_path / 'fping')]).ping([DEAD]) == {}
