import logging

import pytest

from hostha.core.model import Decision, Happening, HostRecord
from hostha.core.states import Event, State
from hostha.drivers.notify import LogNotifier


def decision(before: State, after: State, reason: str = 'storage down', incident: str | None = 'i-1') -> Decision:
    return Decision(HostRecord('compute-1', before), HostRecord('compute-1', after, incident=incident),
                    Happening(Event.LOSS_SEEN, reason), 'a network is down')


def test_one_line_of_a_fixed_form(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    LogNotifier().transition(decision(State.ACTIVE, State.SUSPECT))
    assert [record.getMessage() for record in caplog.records] == [
        'host=compute-1 event=loss_seen from=active to=suspect why="a network is down" incident=i-1 reason="storage down"']


@pytest.mark.parametrize(('state', 'level'), [
    (State.ACTIVE, 'INFO'), (State.SUSPECT, 'INFO'), (State.ISOLATED, 'WARNING'), (State.FENCED, 'WARNING'), (State.EVACUATING, 'INFO'),
    (State.RECOVERED, 'INFO'), (State.MAINTENANCE, 'INFO'), (State.ERROR, 'ERROR')])
def test_the_level_says_how_bad_it_is(caplog: pytest.LogCaptureFixture, state: State, level: str) -> None:
    caplog.set_level(logging.INFO)
    LogNotifier().transition(decision(State.SUSPECT, state))
    assert [record.levelname for record in caplog.records] == [level]


def test_no_reason_breaks_the_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    LogNotifier().transition(decision(State.ACTIVE, State.SUSPECT, 'he said "no"\nhost=compute-2'))
    message, = (record.getMessage() for record in caplog.records)
    assert '\n' not in message
    assert message.endswith(r'reason="he said \"no\"\nhost=compute-2"')


def test_the_incident_that_ends_is_named(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    closing = Decision(HostRecord('a', State.RECOVERED, incident='i-9'), HostRecord('a'), Happening(Event.HOST_READMITTED, 'back'), 'why')
    LogNotifier().transition(closing)
    LogNotifier().transition(decision(State.ACTIVE, State.MAINTENANCE, incident=None))
    assert [' incident=i-9 ' in caplog.records[0].getMessage(), ' incident=- ' in caplog.records[1].getMessage()] == [True, True]
