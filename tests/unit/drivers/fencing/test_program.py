"""run() keeps its bounds, whatever the program does."""

import errno
import sys
import threading
import time

import pytest

from hostha.drivers.fencing.program import KEPT, run

ENV = {'PATH': '/usr/bin:/bin'}


def python(code: str, text: str = '', timeout: float = 20.0) -> list[object]:
    done = run([sys.executable, '-S', '-c', code], text, timeout, ENV)
    return [done.code, done.stdout, done.stderr, done.cut]


def test_both_outputs_and_the_exit_status_come_back() -> None:
    assert python('import sys; print(sys.stdin.read(), end=""); print("no", file=sys.stderr); sys.exit(3)', 'in\n') == [
        3, 'in\n', 'no\n', False]


@pytest.mark.parametrize(('size', 'cut'), [(KEPT, False), (KEPT + 1, True), (3_000_000, True)])
def test_output_is_kept_up_to_a_bound_and_read_to_its_end(size: int, cut: bool) -> None:
    assert python(f'import sys; sys.stdout.write("x" * {size}); sys.exit(7)') == [7, 'x' * KEPT, '', cut]


def test_output_is_read_while_the_program_runs_and_kept_when_it_is_killed() -> None:
    assert python('import time; print("waiting", flush=True); time.sleep(60)', timeout=1.0) == [None, 'waiting\n', '', False]


def test_the_environment_is_what_was_given_and_the_folder_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('OS_PASSWORD', 'secret')
    seen = python('import os; print(sorted(os.environ.items()), os.getcwd())')[1]
    assert 'OS_PASSWORD' not in str(seen)
    assert str(seen).endswith(' /\n')


def test_bytes_that_are_no_text_do_no_harm() -> None:
    assert python(r'import os; os.write(1, b"\xff\xfe")') == [0, '\ufffd\ufffd', '', False]


def test_a_program_that_cannot_be_started_is_an_oserror() -> None:
    with pytest.raises(FileNotFoundError):
        run(['/nonexistent'], '', 1.0, ENV)


def test_many_run_at_the_same_time() -> None:
    codes: list[object] = []
    threads = [threading.Thread(target=lambda: codes.append(python('import time; time.sleep(0.5)')[0])) for _ in range(8)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert codes == [0] * 8
    assert time.monotonic() - started < 3.5


def test_once_started_it_may_have_done_its_work_whatever_goes_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even the operating system may make it look as if it had not been started."""
    def no_more() -> None:
        raise OSError(errno.EMFILE, 'Too many open files')

    monkeypatch.setattr('selectors.DefaultSelector', no_more)
    started = time.monotonic()
    assert python('import time; time.sleep(60)') == [None, '', 'its output cannot be read: [Errno 24] Too many open files', False]
    assert time.monotonic() - started < 5
