"""Which lists of fencing levels are accepted."""

import pytest

from hostha.core.fencing import LEVELS, MAX_INPUT, check_levels, prover
from hostha.core.model import LevelSpec
from hostha.exceptions import BadRequest

CONSUL, OPERATOR = LevelSpec('consul'), LevelSpec('operator')
IPMI = LevelSpec('ipmi', {'ip': '192.0.2.1', 'username': 'admin'}, {'password': 'x'})
AGENT = LevelSpec('fence_agent', {'agent': 'fence_wti', 'ip': '192.0.2.1'})


def wrong(*levels: LevelSpec, trusted: bool = False) -> dict[str, str]:
    with pytest.raises(BadRequest) as error:
        check_levels(levels, trusted=trusted)
    return error.value.fields


@pytest.mark.parametrize('levels', [
    [], [OPERATOR], [IPMI], [CONSUL, IPMI], [CONSUL, IPMI, AGENT, OPERATOR], [AGENT, AGENT], [IPMI, CONSUL, AGENT],
    [LevelSpec('redfish', {'ipaddr': '192.0.2.1'})]])
def test_levels_that_can_prove_a_host_off(levels: list[LevelSpec]) -> None:
    check_levels(levels)


def test_an_unknown_level() -> None:
    assert wrong(LevelSpec('ssh')) == {'fencing[0].level': f'there is no such level; there are: {", ".join(LEVELS)}'}


@pytest.mark.parametrize('levels', [[CONSUL], [CONSUL, OPERATOR], [IPMI, CONSUL]])
def test_consul_needs_a_later_level_that_reads_the_power(levels: list[LevelSpec]) -> None:
    assert wrong(*levels) == {
        f'fencing[{levels.index(CONSUL)}].level':
            'a later level has to prove that the host went off: one of ipmi, redfish, fence_agent'}


def test_operator_comes_last() -> None:
    assert wrong(OPERATOR, IPMI) == {'fencing[0].level': 'it has to be the last one: it waits for a person'}


def test_consul_stands_there_once() -> None:
    assert wrong(CONSUL, CONSUL, IPMI) == {'fencing[0].level': 'it may stand there once'}


@pytest.mark.parametrize(('spec', 'field'), [
    (LevelSpec('fence_agent'), 'options.agent'),
    (LevelSpec('fence_agent', {'agent': '/usr/bin/id'}), 'options.agent'),
    (LevelSpec('fence_agent', {'agent': '/usr/sbin/fence_wti'}), 'options.agent'),
    (LevelSpec('fence_agent', {'agent': 'fence_../../bin/sh'}), 'options.agent'),
    (LevelSpec('ipmi', {'ip': 'a', 'agent': 'fence_wti'}), 'options.agent'),
    (LevelSpec('ipmi'), 'options.ip'),
    (LevelSpec('redfish', {'username': 'admin'}), 'options.ip'),
    (LevelSpec('operator', {'ip': 'a'}), 'options.ip'),
    (LevelSpec('operator', {}, {'password': 'x'}), 'secrets.password'),
    (LevelSpec('ipmi', {'ip': 'a', 'action': 'on'}), 'options.action'),
    (LevelSpec('ipmi', {'ip': 'a', 'missing-as-off': '1'}), 'options.missing-as-off'),
    (LevelSpec('ipmi', {'ip': 'a', 'verbose': '1'}), 'options.verbose'),
    (LevelSpec('ipmi', {'ip': 'a', 'passwd': 'x'}), 'options.passwd'),
    (LevelSpec('ipmi', {'ip': 'a', 'snmp_priv_passwd': 'x'}), 'options.snmp_priv_passwd'),
    (LevelSpec('ipmi', {'ip': 'a', 'community': 'x'}), 'options.community'),
    (LevelSpec('ipmi', {'ip': 'a', 'passwd_script': '/bin/x'}), 'options.passwd_script'),
    (LevelSpec('ipmi', {'ip': 'a', 'ipmitool-path': '/bin/x'}), 'options.ipmitool-path'),
    (LevelSpec('ipmi', {'ip': 'a', 'ssh_options': '-oProxyCommand=x'}), 'options.ssh_options'),
    (LevelSpec('ipmi', {'ip': 'a'}, {'password_script': '/bin/x'}), 'secrets.password_script'),
    (LevelSpec('ipmi', {'ip': 'a', 'x=y': 'z'}), 'options.x=y'),
    (LevelSpec('ipmi', {'ip': 'a\naction=on'}), 'options.ip'),
    (LevelSpec('ipmi', {'ip': ' a'}), 'options.ip'),
    (LevelSpec('ipmi', {'ip': 'a'}, {'password': 'x '}), 'secrets.password'),
    (LevelSpec('ipmi', {'ip': 'a'}, {'password': '"x"'}), 'secrets.password'),
    (LevelSpec('ipmi', {'ip': 'a' * 1025}), 'options.ip'),
    (LevelSpec('ipmi', {'ip': 'a'}, {'ip': 'b'}), 'secrets.ip'),
    (LevelSpec('ipmi', {'ip': 'a', **{f'o{n}': 'x' * 1024 for n in range(MAX_INPUT // 1024)}}), 'options')])
def test_what_a_level_may_not_be_given(spec: LevelSpec, field: str) -> None:
    assert list(wrong(spec)) == [f'fencing[0].{field}']


def test_the_configuration_file_may_name_any_fence_program_and_its_helpers() -> None:
    spec = LevelSpec('fence_agent', {'agent': '/opt/fence/fence_wti', 'ipmitool_path': '/opt/ipmitool'})
    check_levels([spec], trusted=True)
    assert set(wrong(spec)) == {'fencing[0].options.agent', 'fencing[0].options.ipmitool_path'}
    for agent in ('/usr/bin/id', '/opt/../fence_x\n', 'fence', '/fence_wti/'):
        assert set(wrong(LevelSpec('fence_agent', {'agent': agent}), trusted=True)) >= {'fencing[0].options.agent'}
    assert set(wrong(LevelSpec('fence_agent', {'agent': 'fence_x', 'missing_as_off': '1'}), trusted=True)) == {
        'fencing[0].options.missing_as_off'}


def test_every_wrong_field_is_named_at_once_and_no_secret_is() -> None:
    fields = wrong(LevelSpec('ssh'), LevelSpec('ipmi', {}, {'password': ' s3cret'}), CONSUL)
    assert set(fields) == {'fencing[0].level', 'fencing[1].options.ip', 'fencing[1].secrets.password', 'fencing[2].level'}
    assert 's3cret' not in str(fields)


def test_the_prover_is_the_first_later_level_that_reads_the_power() -> None:
    assert prover([OPERATOR]) is None
    assert prover([]) is None
    assert prover([IPMI, AGENT]) is IPMI
    assert prover([CONSUL, AGENT, IPMI]) is AGENT
