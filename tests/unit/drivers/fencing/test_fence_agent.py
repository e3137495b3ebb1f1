"""FenceAgent against real programs with real faults."""

import json
import logging
import os
import time
from pathlib import Path

import pytest

from hostha.core.model import LevelSpec, Power
from hostha.drivers.fencing.fence_agent import FenceAgent, scrubbed
from hostha.exceptions import OutcomeUnknown, Refused
from hostha.ports import FenceOrder
from tests.unit.drivers.fencing.fakes import FakeBmc

SECRET = "s3cret 'x=1"
PATIENT = FenceAgent(20.0)
HASTY = FenceAgent(0.7)


def order(secrets: dict[str, str] | None = None, **options: str) -> FenceOrder:
    return FenceOrder('compute-1', 7, 'incident', LevelSpec('fence_agent', {'agent': 'fence_fake', **options}, secrets or {}))


def gone(pid: int) -> bool:
    """Whether a process has ended: a zombie of nobody we know has."""
    for _ in range(100):
        try:
            state = Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == 'Z':
            return True
        time.sleep(0.05)
    return False


def test_off_is_ordered_and_read_back_by_separate_runs(bmc: FakeBmc) -> None:
    assert PATIENT.power(order()) is Power.ON
    PATIENT.off(order())
    assert PATIENT.power(order()) is Power.OFF
    assert [run['lines'][-1] for run in bmc.runs] == ['action=status', 'action=off', 'action=status']
    assert len({run['pid'] for run in bmc.runs}) == 3


def test_a_device_that_says_ok_and_stays_on_is_on(bmc: FakeBmc) -> None:
    PATIENT.off(order(habit='lies'))
    assert PATIENT.power(order()) is Power.ON


@pytest.mark.parametrize(('given', 'power'), [
    ({'exits': '0'}, Power.ON),
    ({'exits': '1'}, Power.UNKNOWN),
    ({'exits': '2'}, Power.OFF),
    ({'exits': '3'}, Power.UNKNOWN),
    ({'exits': '127'}, Power.UNKNOWN),
    ({'exits': '2', 'habit': 'says Status: OFF'}, Power.OFF),
    ({'exits': '2', 'habit': 'says Status: ON'}, Power.UNKNOWN),
    ({'exits': '2', 'habit': 'says Status: UNKNOWN'}, Power.UNKNOWN),
    ({'exits': '0', 'habit': 'says Status: OFF'}, Power.ON),
    ({'exits': '2', 'habit': 'complains usage: fence_fake [-h]'}, Power.UNKNOWN)])
def test_what_an_exit_status_says_of_the_power(bmc: FakeBmc, given: dict[str, str], power: Power) -> None:
    assert PATIENT.power(order(**given)) is power


def test_an_interpreter_that_finds_no_script_is_no_proof(bmc: FakeBmc) -> None:
    """Python ends with 2 then, as a fence program does for "off"."""
    bmc.program.write_text(f'#!/bin/sh\nexec {os.path.realpath("/proc/self/exe")} /nonexistent/fence.py\n')
    assert PATIENT.power(order()) is Power.UNKNOWN


def test_a_shell_with_a_syntax_error_is_no_proof(bmc: FakeBmc) -> None:
    bmc.program.write_text('#!/bin/sh\nif\n')
    assert PATIENT.power(order()) is Power.UNKNOWN


@pytest.mark.parametrize('status', ['1', '2', '4', '127'])
def test_a_failed_order_may_have_been_carried_out(bmc: FakeBmc, status: str) -> None:
    with pytest.raises(OutcomeUnknown, match=f'exit status {status}') as error:
        PATIENT.off(order(exits=status))
    assert (error.value.host, error.value.operation, error.value.driver) == ('compute-1', 'off', 'fence_fake')


def test_a_killed_program_tells_nothing(bmc: FakeBmc) -> None:
    bmc.program.write_text('#!/bin/sh\nkill -9 $$\n')
    with pytest.raises(OutcomeUnknown, match='exit status -9'):
        PATIENT.off(order())
    assert PATIENT.power(order()) is Power.UNKNOWN


def test_a_program_that_hangs_is_killed_with_its_children(bmc: FakeBmc) -> None:
    started = time.monotonic()
    with pytest.raises(OutcomeUnknown, match=r'killed, it had 0\.7 s'):
        HASTY.off(order(habit='hangs'))
    assert time.monotonic() - started < 5
    assert gone(bmc.runs[0]['pid'])
    assert gone(bmc.child)
    assert HASTY.power(order(habit='hangs')) is Power.UNKNOWN


def test_a_child_that_keeps_the_output_open_delays_nothing_and_is_ended(bmc: FakeBmc) -> None:
    started = time.monotonic()
    PATIENT.off(order(habit='leaves a child'))
    assert time.monotonic() - started < 10
    assert bmc.power == 'off'
    assert gone(bmc.child)


def test_the_program_runs_in_a_process_group_of_its_own(bmc: FakeBmc) -> None:
    PATIENT.off(order())
    assert bmc.runs[0]['group'] == bmc.runs[0]['pid'] != os.getpgid(0)


def test_huge_output_is_thrown_away(bmc: FakeBmc) -> None:
    PATIENT.off(order(habit='floods'))
    assert bmc.power == 'off'
    with pytest.raises(OutcomeUnknown) as error:
        PATIENT.off(order(habit='floods', exits='1'))
    assert len(str(error.value)) < 600


def test_a_program_that_closes_its_outputs_is_waited_for(bmc: FakeBmc) -> None:
    assert PATIENT.power(order(habit='closes its outputs')) is Power.OFF


def test_a_program_that_does_not_read_its_input(bmc: FakeBmc) -> None:
    bmc.program.write_text('#!/bin/sh\nexit 0\n')
    PATIENT.off(order({'password': 'x' * 200000}))


def test_secrets_reach_standard_input_and_nothing_else(
        bmc: FakeBmc, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv('OS_PASSWORD', SECRET)
    caplog.set_level(logging.DEBUG)
    asked = order({'password': SECRET}, username='admin')
    PATIENT.off(asked)
    assert PATIENT.power(asked) is Power.OFF
    told = order({'password': SECRET}, habit='tells')
    with pytest.raises(OutcomeUnknown, match='cannot log in with') as error:
        PATIENT.off(told)
    assert PATIENT.power(told) is Power.UNKNOWN
    assert all(f'password={SECRET}' in run['lines'] for run in bmc.runs)
    for run in bmc.runs:
        assert run['argv'] == []
        assert SECRET not in run['environ']
    told_of = f'{error.value}{error.value.__dict__}{caplog.text}{PATIENT.describe(told)}{told}'
    assert 's3cret' not in told_of
    assert 'cannot log in with ***' in caplog.text


def test_half_a_secret_at_the_end_of_a_cut_output_is_not_shown(bmc: FakeBmc) -> None:
    secret = 'k9' * 299 + 'z'
    with pytest.raises(OutcomeUnknown) as error:
        PATIENT.off(order({'password': secret}, habit='tells too much'))
    assert 'k9' not in str(error.value)
    assert '***' in str(error.value)


@pytest.mark.parametrize('written', ["pa'ss w/1", "'pa'\"'\"'ss w/1'", 'pa%27ss%20w%2F1'])
def test_secrets_are_scrubbed_however_they_are_written(written: str) -> None:
    words = scrubbed(f'ran: tool -P {written} -x', LevelSpec('ipmi', secrets={'password': "pa'ss w/1", 'empty': ''}))
    assert words == 'ran: tool -P *** -x'


def test_the_host_is_the_plug_unless_a_target_is_given(bmc: FakeBmc) -> None:
    PATIENT.off(order())
    PATIENT.off(order(port='17'))
    PATIENT.off(order(plug='{host}.rack'))
    plugs = [[line for line in run['lines'] if line.split('=')[0] in ('plug', 'port')] for run in bmc.runs]
    assert plugs == [['plug=compute-1'], ['port=17'], ['plug=compute-1.rack']]


def test_nobody_but_hostha_gives_the_action(bmc: FakeBmc) -> None:
    PATIENT.off(order({'action': 'reboot'}, action='on', option='on'))
    actions = [line for line in bmc.runs[0]['lines'] if line.split('=')[0] in ('action', 'option', 'agent')]
    assert actions == ['action=off']


@pytest.mark.parametrize('value', ['a\naction=on', 'a\raction=on', 'a\u2028action=on', 'a\n'])
def test_an_option_that_would_be_two_is_refused(bmc: FakeBmc, value: str) -> None:
    with pytest.raises(Refused, match='would not be one name=value line'):
        PATIENT.off(order(ip=value))
    assert PATIENT.power(order(ip=value)) is Power.UNKNOWN
    assert not (bmc.folder / 'runs').exists()


@pytest.mark.parametrize('agent', ['fence_nowhere', '', '/nonexistent/fence_fake'])
def test_a_missing_program_is_refused(bmc: FakeBmc, agent: str) -> None:
    with pytest.raises(Refused, match='no such program'):
        PATIENT.off(order(agent=agent))
    assert PATIENT.power(order(agent=agent)) is Power.UNKNOWN


def test_a_program_without_an_interpreter_is_refused(bmc: FakeBmc) -> None:
    bmc.program.write_text('#!/nonexistent/interpreter\n')
    with pytest.raises(Refused, match='cannot be run'):
        PATIENT.off(order())
    assert PATIENT.power(order()) is Power.UNKNOWN


def test_a_program_is_found_by_its_path_too(bmc: FakeBmc, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('PATH', '/nonexistent')
    PATIENT.off(order(agent=str(bmc.program)))
    assert bmc.power == 'off'


def test_a_preset_has_its_own_program_and_defaults(bmc: FakeBmc) -> None:
    bmc.program.rename(bmc.folder / 'fence_ipmilan')
    preset = FenceAgent(20.0, {'lanplus': '1', 'cipher': '3'}, plug=False)
    preset.off(FenceOrder('compute-1', 7, 'incident', LevelSpec('ipmi', {'ip': '192.0.2.1', 'cipher': '17'})))
    assert bmc.runs[0]['lines'] == ['lanplus=1', 'cipher=17', 'ip=192.0.2.1', 'action=off']


def test_describe_names_the_program_and_no_secret() -> None:
    words = PATIENT.describe(order({'password': SECRET}, ip='192.0.2.1'))
    assert words == 'fence_fake plug=compute-1 ip=192.0.2.1 password=***'


def test_no_file_descriptor_is_left_open(bmc: FakeBmc) -> None:
    before = len(os.listdir('/proc/self/fd'))
    for _ in range(3):
        PATIENT.power(order())
        HASTY.power(order(habit='hangs'))
    assert len(os.listdir('/proc/self/fd')) == before
    assert json.dumps(bmc.runs)
