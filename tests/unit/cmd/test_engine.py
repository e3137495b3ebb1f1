"""hostha-engine as a program."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from hostha.cmd import db_manage, engine

CONF = """
[compute_ha]
consul_servers = [['127.0.0.1', '127.0.0.2', '127.0.0.3']]
consul_ports = [1, 1, 1]
[nova]
auth_url = http://127.0.0.1:1/v3
username = hostha
password = very-secret
[database]
connection = sqlite:///{directory}/hostha.sqlite
"""


@pytest.fixture
def config(tmp_path) -> Path:
    path = tmp_path / 'hostha.conf'
    path.write_text(CONF.format(directory=tmp_path))
    return path


def test_check_says_what_would_be_watched_and_connects_to_nothing(config, capsys):
    assert engine.main(['--config-file', str(config), '--check']) == 0
    said = capsys.readouterr().out
    assert 'network storage: Consul at 127.0.0.3 port 1' in said
    assert 'very-secret' not in said
    assert not (config.parent / 'hostha.sqlite').exists()


@pytest.mark.parametrize(('wrong', 'right', 'words'), [
    ('consul_ports = [1, 1, 1]', 'consul_ports = [1, 1]', 'consul_ports'),
    ('[compute_ha]', '[compute_ha]\nhost_check_retry = 0', r'host_check_retry = 0'),
    ('[compute_ha]', '[compute_ha]\nhost_check_interval = soon', r'host_check_interval = soon'),
    ('[compute_ha]', '[compute_ha]\nresponses = 111:fence', r'111')])
def test_a_wrong_value_is_refused_with_its_option_and_rule(config, capsys, wrong, right, words):
    config.write_text(config.read_text().replace(wrong, right))
    for arguments in ([], ['--check']):
        assert engine.main(['--config-file', str(config), *arguments]) == 1
        assert re.search(words, capsys.readouterr().err)


def test_a_database_without_tables_is_refused(config, capsys):
    assert engine.main(['--config-file', str(config)]) == 1
    assert 'hostha-db-manage upgrade head' in capsys.readouterr().err


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT])
def test_it_runs_though_nothing_answers_and_ends_in_good_order(config, number):
    assert db_manage.main(['--config-file', str(config), 'upgrade', 'head']) == 0
    command = [sys.executable, '-m', 'hostha.cmd.engine', '--config-file', str(config)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          env=os.environ | {'PYTHONUNBUFFERED': '1'}) as process:
        guard = threading.Timer(60, process.kill)
        guard.start()
        try:
            said = []
            for line in process.stdout:
                said.append(line)
                if 'started' in line:
                    break
            time.sleep(0.5)
            process.send_signal(number)
            said += process.communicate(timeout=60)[0].splitlines(True)
        finally:
            guard.cancel()
            process.kill()
    assert process.returncode == 0, ''.join(said)
    assert 'stopped' in said[-1]
    assert 'very-secret' not in ''.join(said)
