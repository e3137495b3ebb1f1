"""What load() reads, and what it refuses: each with the option, its value and the rule."""

import subprocess
import sys
from pathlib import Path

import pytest
from oslo_config import cfg

from hostha.conf import load, warnings
from hostha.conf.api import check_other_server
from hostha.core.model import LevelSpec
from hostha.core.states import Response
from hostha.exceptions import ConfigError
from tests.unit.conf.conftest import SEED, Load

TWO = "[['10.0.0.1', '10.1.0.1'], ['10.0.0.2', '10.1.0.2']]"


@pytest.mark.parametrize(('servers', 'ports'), [
    ('[["10.0.0.1", "10.1.0.1"], ["10.0.0.2", "10.1.0.2"]]', '[8500, 8501]'),
    (f'{TWO}  # 每个控制节点一组', '[8500,8501]#每个网络一个端口'),
    (f'{TWO} # ["10.0.0.3"]', '[8500, 8501]  # [1, 2, 3]'),
    ("[['10.0.0.1', '10.1.0.1'],\n  ['10.0.0.2', '10.1.0.2']]", '(8500, 8501)')])
def test_two_networks_however_they_are_written(loaded: Load, servers: str, ports: str) -> None:
    settings = loaded(compute_ha__consul_servers=servers, compute_ha__consul_ports=ports)[1]
    assert settings.judgement.networks == ('management', 'tenant')
    assert settings.judgement.responses['10'] is Response.WITHDRAW
    assert settings.consul.servers == {'management': (('10.0.0.1', 8500), ('10.0.0.2', 8500)),
                                       'tenant': (('10.1.0.1', 8501), ('10.1.0.2', 8501))}


def test_ports_have_a_default_for_each_network(loaded: Load) -> None:
    servers = loaded(compute_ha__consul_servers=TWO, compute_ha__consul_ports=None)[1].consul.servers
    assert {port for agents in servers.values() for _, port in agents} == {8500}


def test_three_networks_of_one_machine_differ_in_their_ports(loaded: Load) -> None:
    settings = loaded(compute_ha__consul_servers="[['127.0.0.1', '127.0.0.1', '127.0.0.1']]",
                      compute_ha__consul_ports='[8500, 8501, 8502]')[1]
    assert settings.consul.servers['storage'] == (('127.0.0.1', 8502),)


@pytest.mark.parametrize('value', ['5', '5 ', '5  # five', '5 #五', '5\t# = [x]'])
def test_a_comment_behind_a_number(loaded: Load, value: str) -> None:
    assert loaded(compute_ha__host_check_retry=value)[1].judgement.check_retry == 5


def test_comments_behind_other_values(loaded: Load) -> None:
    settings = loaded(compute_ha__multiple_recovery='false  # one try', compute_ha__host_check_method='consul # what else',
                      compute_ha__responses='101:fence # all', DEFAULT__host='::1 # v6', DEFAULT__port='1234 # p',
                      database__connection='sqlite:////a # b')[1]
    assert settings.recovery.recovery_attempts == 1
    assert (settings.api.host, settings.api.port) == ('::1', 1234)
    assert settings.judgement.responses['101'] is Response.FENCE
    assert settings.database.connection == 'sqlite:////a # b'


def test_a_bool_may_be_written_in_several_ways(loaded: Load) -> None:
    for value, attempts in (('true', 5), ('1', 5), ('yes', 5), ('False', 1), ('0', 1)):
        settings = loaded(compute_ha__multiple_recovery=value, compute_ha__recovery_attempts='5')[1]
        assert settings.recovery.recovery_attempts == attempts


BAD = [
    ('compute_ha__consul_servers', None, 'has to be given'),
    ('compute_ha__consul_servers', '', 'cannot be read'),
    ('compute_ha__consul_servers', '[]', 'in brackets'),
    ('compute_ha__consul_servers', '[[]]', 'in brackets'),
    ('compute_ha__consul_servers', "['10.0.0.1', '10.0.0.2']", 'read as a list of IP addresses'),
    ('compute_ha__consul_servers', "[['10.0.0.1', '10.1.0.1', '10.2.0.1'], ['10.0.0.2', '10.1.0.2']]", 'two addresses'),
    ('compute_ha__consul_servers', "[['10.0.0.1']]", 'two addresses'),
    ('compute_ha__consul_servers', "[['10.0.0.1', '10.1.0.1', '10.2.0.1', '10.3.0.1']]", 'two addresses'),
    ('compute_ha__consul_servers', "[['10.0.0.1', '10.1.0.999', '10.2.0.1']]", 'not an IP address'),
    ('compute_ha__consul_servers', "[['10.0.0.1', 'ctrl1', '10.2.0.1']]", 'not an IP address'),
    ('compute_ha__consul_servers', "[['10.0.0.1', 7, '10.2.0.1']]", 'not an IP address'),
    ('compute_ha__consul_servers', "[['10.0.0.1', '0.0.0.0', '10.2.0.1']]", 'one host'),
    ('compute_ha__consul_servers', "[['10.0.0.1', '10.1.0.1', '10.2.0.1'], ['10.0.0.1', '10.1.0.2', '10.2.0.2']]", 'once'),
    ('compute_ha__consul_servers', "[['10.0.0.1', '10.0.0.1', '10.2.0.1']]", 'once'),
    ('compute_ha__consul_servers', "__import__('os').system('touch /tmp/evaluated')", 'cannot be read'),
    ('compute_ha__consul_servers', '[' * 100000, 'cannot be read'),
    ('compute_ha__consul_servers', "[['10.0.0.1', '10.1.0.1', '10.2.0.1']", 'cannot be read'),
    ('compute_ha__consul_ports', '[8500, 8500]', 'each of the 3 networks'),
    ('compute_ha__consul_ports', '8500', 'in brackets'),
    ('compute_ha__consul_ports', '[8500, 8500, 0]', 'greater'),
    ('compute_ha__consul_ports', '[8500, 8500, 65536]', 'less'),
    ('compute_ha__consul_ports', "[8500, 8500, '8500']", 'not a port number'),
    ('compute_ha__consul_ports', '[8500, 8500, True]', 'not a port number'),
    ('compute_ha__host_check_method', 'ping', 'consul'),
    ('compute_ha__host_check_interval', 'soon', 'soon'),
    ('compute_ha__host_check_interval', '', 'missing'),
    ('compute_ha__host_check_interval', '# ten', 'missing'),
    ('compute_ha__host_check_interval', 'nan', 'finite'),
    ('compute_ha__host_check_interval', 'inf', 'less|finite'),
    ('compute_ha__host_check_interval', '-10', 'greater'),
    ('compute_ha__host_check_interval', '1', 'at least 4 s'),
    ('compute_ha__host_check_retry', '1', 'greater'),
    ('compute_ha__host_check_retry', '2.5', '2.5'),
    ('compute_ha__multiple_recovery', 'maybe', 'oolean'),
    ('compute_ha__max_evacuation', '0', 'greater'),
    ('compute_ha__responses', '111:fence', 'left alone'),
    ('compute_ha__responses', '11:fence', 'no such pattern'),
    ('compute_ha__responses', '011:explode', 'no such response'),
    ('compute_ha__responses', '011:fence,011:notify', 'twice'),
    ('compute_ha__responses', '011=fence', 'name:value'),
    ('fencing__levels', 'ssh', 'no such level'),
    ('fencing__levels', '', 'words'),
    ('fencing__levels', 'operator,,operator', 'words'),
    ('fencing__levels', 'operator, operator', 'once'),
    ('fencing__levels', 'consul', 'has to prove'),
    ('fencing__levels', 'consul, operator', 'has to prove'),
    ('fencing__fence_poll', '60', 'less than fence_timeout'),
    ('fencing__agent_options', 'lanplus', 'name=value'),
    ('fencing__agent_secrets_file', '/nonexistent/secrets', 'cannot be read'),
    ('engine__lease', '4', 'twice consul_timeout'),
    ('engine__name', 'a b', 'A-Z'),
    ('nova__timeout', '31', '30 s at most'),
    ('nova__auth_url', 'ftp://a', 'http'),
    ('nova__auth_url', 'http://[::1', 'http'),
    ('nova__interface', 'private', 'public'),
    ('DEFAULT__port', '0', 'between|greater'),
    ('DEFAULT__host', 'not a host', 'host'),
    ('DEFAULT__auth_strategy', 'none', 'noauth'),
    ('evacuation__evacuate_retry_count', '0', 'greater'),
    ('api__max_body', '10', 'greater')]


@pytest.mark.parametrize(('option', 'value', 'rule'), BAD)
def test_a_wrong_value_is_refused_with_its_option_and_the_rule(loaded: Load, option: str, value: str | None, rule: str) -> None:
    with pytest.raises(ConfigError, match=rule) as error:
        loaded(**{option: value})
    section, name = option.split('__')
    assert error.value.option == f'[{section}] {name}'
    assert error.value.rule
    assert not Path('/tmp/evaluated').exists()


@pytest.mark.parametrize('option', ['username', 'password'])
def test_credentials_are_needed(loaded: Load, option: str) -> None:
    with pytest.raises(ConfigError, match='keystone_authtoken') as error:
        loaded(**{f'keystone_authtoken__{option}': None})
    assert error.value.option == f'[nova] {option}'


def test_nova_comes_before_keystone_authtoken(loaded: Load) -> None:
    nova = loaded(nova__username='hostha', nova__region_name='two', nova__cafile='/ca', nova__insecure='1')[1].nova
    assert (nova.username, nova.password, nova.region_name, nova.cafile, nova.insecure) == ('hostha', 'secret', 'two', '/ca', True)


@pytest.mark.parametrize(('gone', 'url'), [
    (('auth_url',), 'http://37.47.10.206:6000/v3'), (('auth_url', 'auth_uri'), 'http://37.47.10.206:45357/')])
def test_older_names_of_the_url_count_if_the_newer_ones_are_missing(loaded: Load, gone: tuple[str, ...], url: str) -> None:
    assert loaded(**{f'keystone_authtoken__{name}': None for name in gone})[1].nova.auth_url == url


def test_what_keystone_authtoken_does_not_say_has_a_default(loaded: Load) -> None:
    gone = ('project_name', 'user_domain_name', 'project_domain_name')
    nova = loaded(DEFAULT__region=None, **{f'keystone_authtoken__{name}': None for name in gone})[1].nova
    assert (nova.project_name, nova.user_domain_name, nova.project_domain_name, nova.region_name) == ('service', 'Default', 'Default', None)


def test_a_dollar_has_to_be_written_twice_and_the_secret_is_not_shown(loaded: Load) -> None:
    assert loaded(keystone_authtoken__password='a$$b')[1].nova.password == 'a$b'
    with pytest.raises(ConfigError, match=r'\$\$') as error:
        loaded(keystone_authtoken__password='pre$tty')
    assert 'tty' not in str(error.value)


def test_levels_with_a_program(loaded: Load, tmp_path: Path) -> None:
    secrets = tmp_path / 'secrets'
    secrets.write_text('# of all BMCs\n\npassword=a=b #c\n')
    secrets.chmod(0o600)
    recovery = loaded(fencing__levels='consul, fence_agent, operator  # in order', fencing__agent='/usr/sbin/fence_ipmilan',
                      fencing__agent_options='ip={host}-bmc, lanplus=1', fencing__agent_secrets_file=str(secrets))[1].recovery
    assert recovery.levels == (
        LevelSpec('consul'),
        LevelSpec('fence_agent', {'ip': '{host}-bmc', 'lanplus': '1', 'agent': '/usr/sbin/fence_ipmilan'}, {'password': 'a=b #c'}),
        LevelSpec('operator'))
    assert 'a=b' not in str(recovery)


@pytest.mark.parametrize(('changes', 'option'), [
    ({'levels': 'fence_agent'}, 'agent'),
    ({'levels': 'fence_agent', 'agent': '/bin/sh'}, 'agent'),
    ({'levels': 'ipmi'}, 'agent_options'),
    ({'levels': 'ipmi', 'agent_options': 'ip=a,password=b'}, 'agent_options'),
    ({'levels': 'ipmi', 'agent_options': 'ip=a,missing_as_off=1'}, 'agent_options'),
    ({'levels': 'ipmi, redfish', 'agent_options': 'ip=a'}, 'levels')])
def test_levels_that_could_prove_nothing(loaded: Load, changes: dict[str, str], option: str) -> None:
    with pytest.raises(ConfigError) as error:
        loaded(**{f'fencing__{name}': value for name, value in changes.items()})
    assert error.value.option == f'[fencing] {option}'


@pytest.mark.parametrize(('mode', 'text', 'rule'), [
    (0o640, 'password=x\n', '0600'), (0o604, 'password=x\n', '0600'), (0o600, 'x\n', 'name=value'), (0o600, b'\xff=x', 'cannot be read')])
def test_a_secrets_file_that_is_open_or_malformed(loaded: Load, tmp_path: Path, mode: int, text: str | bytes, rule: str) -> None:
    secrets = tmp_path / 'secrets'
    secrets.write_bytes(text if isinstance(text, bytes) else text.encode())
    secrets.chmod(mode)
    with pytest.raises(ConfigError, match=rule) as error:
        loaded(fencing__levels='ipmi', fencing__agent_options='ip=a', fencing__agent_secrets_file=str(secrets))
    assert error.value.option == '[fencing] agent_secrets_file'


@pytest.mark.parametrize(('content', 'rule'), [
    (None, r'--config-file = .*hostha\.conf: Failed to find'),
    (b'[DEFAULT]\nhost = \xd6\xd0\n', 'not UTF-8 text: byte 17 is 0xd6'),
    (b'[compute_ha]\na = 1\n[database]\n[compute_ha]\na = 2\n', r'\[compute_ha\] stands there twice, again in line 4'),
    (b'[compute_ha]\n[Compute_HA]\n', 'twice'),
    (b'host = a\n', 'Section must be started'),
    (b'[DEFAULT]\nnonsense\n', 'nonsense'),
    (b'', 'has to be given')])
def test_a_file_that_cannot_be_read(tmp_path: Path, content: bytes | None, rule: str) -> None:
    path = tmp_path / 'hostha.conf'
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=rule):
        load(['--config-file', str(path)])


def test_help_needs_no_file(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        load(['--help'])
    assert end.value.code == 0
    assert '--config-file' in capsys.readouterr().out


def test_a_folder_in_place_of_a_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='cannot be read'):
        load(['--config-file', str(tmp_path)])


def test_a_later_file_overrides_an_earlier_one(tmp_path: Path) -> None:
    site = tmp_path / 'site.conf'
    site.write_text('[compute_ha]\nhost_check_retry = 7\n')
    assert load(['--config-file', str(SEED), '--config-file', str(site)])[1].judgement.check_retry == 7
    assert load(['--config-file', str(SEED), '--config-dir', str(tmp_path)])[1].judgement.check_retry == 7
    site.write_text('[compute_ha]\nhost_check_retry = x\n')
    with pytest.raises(ConfigError, match='host_check_retry = x'):
        load(['--config-file', str(SEED), '--config-dir', str(tmp_path)])


def test_the_environment_has_no_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('OS_COMPUTE_HA__HOST_CHECK_RETRY', '9')
    assert load(['--config-file', str(SEED)])[1].judgement.check_retry == 3


def test_two_loads_do_not_share_anything(loaded: Load) -> None:
    first, _ = loaded(compute_ha__host_check_retry='5')
    second, _ = loaded(compute_ha__host_check_retry='6')
    assert (first.compute_ha.host_check_retry, second.compute_ha.host_check_retry) == (5, 6)


def test_a_command_has_options_of_its_own() -> None:
    check = cfg.BoolOpt('check', default=False)
    assert load(['--config-file', str(SEED), '--check'], cli=[check])[0].check is True
    assert load(['--config-file', str(SEED)], cli=[check])[0].check is False


def test_an_option_of_ours_that_does_not_exist_is_told_of(loaded: Load) -> None:
    conf, _ = loaded(compute_ha__host_check_intervall='1', fencing__levels='ipmi', fencing__agent_options='ip=a',
                     keystone_authtoken__admin_user='x', DEFAULT__auth_strategy='noauth', api__allow_unauthenticated='yes')
    said = warnings(conf)
    assert said[:2] == ['auth_strategy = noauth: everybody who reaches 0.0.0.0 port 12307 may do everything',
                        '[compute_ha] host_check_intervall does not exist and has no effect']
    assert not any('admin_user' in words for words in said)


def test_a_fence_program_that_is_not_installed_is_told_of(loaded: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    conf, _ = loaded(fencing__levels='fence_agent', fencing__agent='fence_nowhere')
    assert warnings(conf)[1:] == ['[fencing] levels: fence_nowhere is not installed here; no host can be proven off by it']
    (tmp_path / 'fence_nowhere').touch(0o755)
    monkeypatch.setenv('PATH', str(tmp_path))
    assert warnings(conf)[1:] == []


def test_the_log_begins_with_the_warnings(tmp_path: Path) -> None:
    log = tmp_path / 'log'
    program = 'import sys; from hostha.conf import load, start_logging; start_logging(load(sys.argv[1:])[0])'
    subprocess.run([sys.executable, '-c', program, '--config-file', str(SEED), '--log-file', str(log)], check=True, timeout=60)
    lines = log.read_text().splitlines()
    assert len(lines) == 2
    assert all(' WARNING hostha.conf.startup ' in line for line in lines)


@pytest.mark.parametrize(('strategy', 'host', 'listens'), [
    ('keystone', '0.0.0.0', '127.0.0.1'), ('keystone', '192.0.2.1', '127.0.0.1'), ('keystone', '127.0.0.2', '127.0.0.2'),
    ('keystone', 'localhost', 'localhost'), ('keystone', 'ctrl1', '127.0.0.1'), ('noauth', '::1', '::1')])
def test_where_the_api_listens(loaded: Load, strategy: str, host: str, listens: str) -> None:
    assert loaded(DEFAULT__auth_strategy=strategy, DEFAULT__host=host)[1].api.host == listens


@pytest.mark.parametrize('host', ['0.0.0.0', '192.0.2.1', '::', 'ctrl1'])
def test_an_api_that_is_open_to_others_has_to_be_meant(loaded: Load, host: str) -> None:
    with pytest.raises(ConfigError, match=f'host = {host} is not the loopback') as error:
        loaded(DEFAULT__auth_strategy='noauth', DEFAULT__host=host)
    assert error.value.option == '[api] allow_unauthenticated'
    assert loaded(DEFAULT__auth_strategy='noauth', DEFAULT__host=host, api__allow_unauthenticated='true')[1].api.host == host


def test_one_word_does_not_open_the_api(loaded: Load) -> None:
    assert loaded(DEFAULT__auth_strategy='keystone', api__allow_unauthenticated='true')[1].api.host == '127.0.0.1'


@pytest.mark.parametrize(('strategy', 'allowed', 'option'), [
    ('keystone', 'false', '[DEFAULT] auth_strategy'), ('keystone', 'true', '[DEFAULT] auth_strategy'),
    ('noauth', 'false', '[api] allow_unauthenticated')])
def test_under_another_server_it_has_to_be_meant_on_any_address(loaded: Load, strategy: str, allowed: str, option: str) -> None:
    said = {'DEFAULT__auth_strategy': strategy, 'DEFAULT__host': '127.0.0.1', 'api__allow_unauthenticated': allowed}
    with pytest.raises(ConfigError, match='another WSGI server') as error:
        check_other_server(loaded(**said)[0])
    assert error.value.option == option
    check_other_server(loaded(**said | {'DEFAULT__auth_strategy': 'noauth', 'api__allow_unauthenticated': 'true'})[0])
