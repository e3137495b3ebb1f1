"""The sample file is the one that the options make."""

import re
from pathlib import Path

import pytest
from oslo_config import generator

from hostha.conf import load

SAMPLE = Path(__file__).parents[3] / 'etc' / 'hostha' / 'hostha.conf.sample'

OSLO_LOG = re.compile(r'#\n# From oslo\.log\n#\n.*?(?=\n\n\[)', re.DOTALL)
"""The part whose wording is that of the installed oslo.log."""


def test_it_is_current(tmp_path: Path) -> None:
    made = tmp_path / 'made'
    generator.main(['--namespace', 'hostha', '--namespace', 'oslo.log', '--output-file', str(made)])
    assert OSLO_LOG.sub('', SAMPLE.read_text('utf-8')) == OSLO_LOG.sub('', made.read_text('utf-8')), 'run: tox -e genconfig'


def test_it_names_everything_and_no_machine() -> None:
    text = SAMPLE.read_text('utf-8')
    assert 'From oslo.log' in text
    assert 'No description provided' not in OSLO_LOG.sub('', text)
    assert '#name = <name of this machine>' in text


@pytest.mark.parametrize('line', ['consul_servers = .*', 'consul_ports = .*', 'responses = .*', 'levels = .*', 'host_check_interval = .*'])
def test_the_examples_in_it_are_legal(tmp_path: Path, line: str) -> None:
    text = SAMPLE.read_text('utf-8')
    for needed in ('consul_servers = .*', 'auth_url = .*', 'username = .*', 'password = .*', line):
        text = re.sub(f'^#({needed})$', lambda match: match[1].replace('<None>', 'http://keystone:5000/v3'), text, flags=re.MULTILINE)
    path = tmp_path / 'hostha.conf'
    path.write_text(text, 'utf-8')
    load(['--config-file', str(path)])
