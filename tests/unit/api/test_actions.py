"""Orders: taken only where the machine has a row for them."""

import pytest

from hostha.api import views
from hostha.core.machine import acceptable
from hostha.core.orders import ACTIONS
from hostha.core.states import State
from hostha.core.table import IGNORED, OPERATORS
from tests.unit.api.conftest import Api

ORDER = {'reason': 'new memory', 'by': 'alice'}


def path(action: str, host: str = 'node-1') -> str:
    return f'/v1.0/hosts/{host}/actions/{action}'


def test_every_event_of_the_operator_has_its_action() -> None:
    assert set(ACTIONS.values()) == set(OPERATORS)


@pytest.mark.parametrize('state', State)
@pytest.mark.parametrize('action', ACTIONS)
def test_the_table_decides_in_every_state(with_host: Api, state: State, action: str) -> None:
    with_host.registry.stands('node-1', state=state)
    result = with_host.call('POST', path(action), ORDER)
    if acceptable(state, ACTIONS[action]):
        assert (result.status_code, result.json) == (202, ORDER | {'id': 1, 'host': 'node-1', 'action': action})
        assert result.headers['location'] == '/v1.0/orders/1'
        assert action in views.actions(state)
        return
    assert result.status_code == 409
    assert IGNORED[state, ACTIONS[action]] in result.json['error']['message']
    assert with_host.registry.orders == []


def test_a_refusal_says_what_is_possible(with_host: Api) -> None:
    with_host.registry.stands('node-1', state=State.ERROR)
    message = with_host.call('POST', path('resume'), ORDER).json['error']['message']
    assert message == ('host node-1 is error and does not take resume: the host is not in maintenance; '
                       'actions that it takes now: maintenance, confirm-off, retry, reset')


@pytest.mark.parametrize('field,value', [
    ('reason', ''), ('reason', '  '), ('reason', 'a\nb'), ('reason', 'x' * 1001), ('reason', 7), ('reason', None), ('reason', '\udfff'),
    ('by', ''), ('by', True), ('by', 'x' * 256), ('by', ['alice']), ('force', True)])
def test_a_wrong_field_is_named(with_host: Api, field: str, value) -> None:
    assert set(with_host.refused('POST', path('maintenance'), ORDER | {field: value})) == {field}


def test_words_of_any_language_are_taken(with_host: Api) -> None:
    result = with_host.call('POST', path('maintenance'), {'reason': '更换内存　💾', 'by': '王'})
    assert result.json['reason'] == '更换内存　💾'


def test_both_fields_are_needed(with_host: Api) -> None:
    assert set(with_host.refused('POST', path('maintenance'), {})) == {'reason', 'by'}


def test_unknown_actions_and_hosts_are_404(with_host: Api) -> None:
    result = with_host.call('POST', path('explode'), ORDER)
    assert result.status_code == 404
    assert 'maintenance, resume, confirm-off, retry, reset' in result.json['error']['message']
    assert with_host.call('POST', path('maintenance', 'ghost'), ORDER).status_code == 404
    assert set(with_host.refused('POST', path('maintenance', 'a b'), ORDER)) == {'name'}
    assert with_host.registry.orders == []


def test_an_order_is_logged(with_host: Api, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level('INFO')
    with_host.call('POST', path('maintenance'), ORDER)
    assert 'host=node-1 order=1 action=maintenance by=alice reason=new memory' in caplog.text
