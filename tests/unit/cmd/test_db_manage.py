"""hostha-db-manage."""

import pytest

from hostha.cmd.db_manage import main


@pytest.fixture
def run(tmp_path):
    def _run(*command: str, url: str = f'sqlite:///{tmp_path}/x.sqlite') -> int:
        path = tmp_path / 'hostha.conf'
        path.write_text(f'[database]\nconnection = {url}\nsecret_key_file = /not/read/here\n\n[compute_ha]\nunknown = 1\n')
        return main(['--config-file', str(path), *command])
    return _run


def test_a_life(run, capsys) -> None:
    assert run('check') == 1
    assert 'hostha-db-manage upgrade head' in capsys.readouterr().err
    assert run('upgrade', 'head') == 0
    assert run('current') == 0
    assert run('check') == 0
    assert run('downgrade', 'base') == 0
    assert run('check') == 1
    assert capsys.readouterr().out.split('\n') == ['0001', '0001', 'up to date', 'no tables', '']


def test_history(run, capsys) -> None:
    assert run('history') == 0
    assert capsys.readouterr().out.startswith('0001: ')


@pytest.mark.parametrize('command', [['upgrade', '9999'], ['downgrade', '9999']])
def test_a_revision_that_is_not_there(run, capsys, command) -> None:
    assert run(*command) == 1
    assert '9999' in capsys.readouterr().err


@pytest.mark.parametrize('url', ['mysql+pymysql://u:geheim@127.0.0.1:1/d', 'postgresql://u:geheim@h/d', 'mysql//u:geheim@h'])
def test_a_database_that_cannot_be_used(run, capsys, url) -> None:
    assert run('current', url=url) == 1
    output = capsys.readouterr()
    assert output.err and 'geheim' not in output.out + output.err


def test_a_configuration_that_is_not_there(capsys, tmp_path) -> None:
    assert main(['--config-file', f'{tmp_path}/none', 'check']) == 1
    assert 'none' in capsys.readouterr().err
