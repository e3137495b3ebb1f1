"""Hosts: entered, shown, changed and deleted; secrets never come back; wrong input is named and changes nothing."""

import json

import pytest

from hostha.core.model import LevelSpec, Proof
from hostha.core.states import State
from tests.unit.api.conftest import HOST, SECRET, Api
from tests.unit.api.memory import NOW

PATH = '/v1.0/hosts/node-1'


def changed(**fields):
    return HOST | fields


def test_a_host_is_entered_and_shown(api: Api) -> None:
    result = api.call('POST', '/v1.0/hosts', HOST)
    assert (result.status_code, result.headers['location']) == (201, PATH)
    assert result.json == {
        'name': 'node-1', 'ha_enabled': True, 'addresses': {'management': '192.0.2.1', 'storage': '2001:db8::1'},
        'fencing': [{'level': 'ipmi', 'options': {'ip': '192.0.2.101'}, 'secret_names': ['password', 'username']}],
        'state': 'active', 'since': '2023-11-14T22:13:20.000Z', 'reason': '', 'epoch': 0, 'incident': None, 'pattern': '',
        'response': 'none', 'command': None, 'proof': None, 'out_of_service': False, 'marked_down': False,
        'actions': ['maintenance']}
    assert api.call('GET', PATH).json == result.json
    assert api.call('GET', '/v1.0/hosts').json == {'hosts': [result.json]}
    assert api.registry.host('node-1').spec.fencing == (
        LevelSpec('ipmi', {'ip': '192.0.2.101'}, {'username': 'admin', 'password': SECRET}),)


def test_a_name_alone_is_enough(api: Api) -> None:
    created = api.call('POST', '/v1.0/hosts', {'name': 'n'})
    assert created.status_code == 201
    assert (created.json['ha_enabled'], created.json['addresses'], created.json['fencing']) == (True, {}, [])


def test_a_host_cannot_be_entered_twice(with_host: Api) -> None:
    before = with_host.registry.host('node-1')
    assert with_host.call('POST', '/v1.0/hosts', {'name': 'node-1'}).status_code == 409
    assert with_host.registry.host('node-1') == before


def test_the_state_is_shown_with_its_proof(with_host: Api) -> None:
    with_host.registry.stands('node-1', state=State.FENCED, epoch=4, incident='node-1.4', pattern='000', marked_down=True,
                              proof=Proof('ipmi', 'chassis power is off', NOW))
    shown = with_host.call('GET', PATH).json
    assert shown['proof'] == {'level': 'ipmi', 'evidence': 'chassis power is off', 'at': '2023-11-14T22:13:20.000Z'}
    assert (shown['state'], shown['epoch'], shown['incident'], shown['pattern']) == ('fenced', 4, 'node-1.4', '000')
    assert shown['marked_down'] is True
    assert shown['actions'] == []


def test_put_enters_anew_and_leaves_the_state_alone(with_host: Api) -> None:
    with_host.registry.stands('node-1', state=State.ERROR, epoch=2)
    shown = with_host.call('PUT', PATH, {'ha_enabled': False}).json
    assert (shown['ha_enabled'], shown['addresses'], shown['fencing']) == (False, {}, [])
    assert (shown['state'], shown['epoch']) == ('error', 2)


def test_patch_changes_what_is_given_and_keeps_the_rest_with_its_secrets(with_host: Api) -> None:
    shown = with_host.call('PATCH', PATH, {'ha_enabled': False, 'addresses': {'tenant': '192.0.2.9'}}).json
    assert (shown['ha_enabled'], shown['addresses']) == (False, {'tenant': '192.0.2.9'})
    assert with_host.registry.host('node-1').spec.fencing[0].secrets['password'] == SECRET


def test_levels_that_are_given_anew_do_not_inherit_secrets(with_host: Api) -> None:
    with_host.call('PATCH', PATH, {'fencing': [{'level': 'ipmi', 'options': {'ip': '192.0.2.66'}}]})
    assert with_host.registry.host('node-1').spec.fencing[0].secrets == {}


@pytest.mark.parametrize('method', ['PUT', 'PATCH'])
def test_a_host_cannot_be_renamed(with_host: Api, method: str) -> None:
    assert with_host.call(method, PATH, {'name': 'node-1'}).status_code == 200
    assert set(with_host.refused(method, PATH, {'name': 'node-2'})) == {'name'}


def test_delete(with_host: Api) -> None:
    with_host.registry.stands('node-1', state=State.EVACUATING)
    assert with_host.call('DELETE', PATH).status_code == 409
    with_host.registry.stands('node-1', state=State.ACTIVE)
    deleted = with_host.call('DELETE', PATH)
    assert (deleted.status_code, deleted.text) == (204, '')
    assert with_host.call('GET', PATH).status_code == 404


@pytest.mark.parametrize('method', ['GET', 'PUT', 'PATCH', 'DELETE'])
def test_an_unknown_host_is_404(api: Api, method: str) -> None:
    result = api.call(method, '/v1.0/hosts/ghost', {} if method.startswith('P') else None)
    assert result.status_code == 404
    assert 'ghost' in result.json['error']['message']


@pytest.mark.parametrize('name', ['a b', 'ä', 'x' * 256, 'a;b', '..', '.', "o'neil", 'a\n', '%00'])
def test_a_bad_name_is_named_in_bodies_and_in_paths(with_host: Api, name: str) -> None:
    assert set(with_host.refused('POST', '/v1.0/hosts', {'name': name})) == {'name'}
    if name != '%00':
        from urllib.parse import quote
        assert set(with_host.refused('GET', f'/v1.0/hosts/{quote(name)}')) == {'name'}


@pytest.mark.parametrize('field,value', [
    ('name', None), ('name', 7), ('name', ''), ('name', ['node-1']),
    ('ha_enabled', 1), ('ha_enabled', 0), ('ha_enabled', 'true'), ('ha_enabled', None),
    ('addresses', None), ('addresses', []), ('addresses', '192.0.2.1'), ('fencing', {}), ('fencing', None), ('fencing', ['ipmi']),
    ('fencing', [{'level': 'operator'}] * 17), ('hostname', 'node-1'), ('state', 'active')])
def test_a_wrong_field_is_named(api: Api, field: str, value) -> None:
    assert set(api.refused('POST', '/v1.0/hosts', changed(**{field: value}))) == {field}


@pytest.mark.parametrize('network,address', [
    ('management', '192.0.2.256'), ('management', '192.0.2.1/24'), ('management', ''), ('management', 3221225985), ('management', True),
    ('management', '0.0.0.0'), ('tenant', '224.0.0.1'), ('tenant', 'fe80::1%eth0'), ('tenant', 'fe80::1%\ud800'),
    ('tenant', 'node-1'), ('tenant', None), ('business', '192.0.2.1'),
    ('', '192.0.2.1')])
def test_a_wrong_address_is_named(api: Api, network: str, address) -> None:
    assert set(api.refused('POST', '/v1.0/hosts', changed(addresses={network: address}))) == {f'addresses.{network}'}


@pytest.mark.parametrize('level,wrong', [
    ({}, 'level'), ({'level': 7}, 'level'), ({'level': 'prayer'}, 'level'), ({'level': 'ipmi', 'ip': '192.0.2.1'}, 'ip'),
    ({'level': 'ipmi', 'options': {'ip': 7}}, 'options.ip'), ({'level': 'ipmi', 'options': {'a=b': 'c'}}, 'options.a=b'),
    ({'level': 'ipmi', 'options': {'ip': '192.0.2.1\naction=on'}}, 'options.ip'), ({'level': 'ipmi', 'options': []}, 'options'),
    ({'level': 'ipmi', 'secrets': {'password': 'x' * 1025}}, 'secrets.password'),
    ({'level': 'ipmi', 'secrets': {'password': '\ud800'}}, 'secrets.password'),
    ({'level': 'ipmi', 'secrets': {'password': None}}, 'secrets.password'),
    ({'level': 'ipmi', 'options': {'ip': '192.0.2.1', 'password': SECRET}}, 'options.password'),
    ({'level': 'ipmi', 'options': {'ip': '192.0.2.1', 'snmp_priv_passwd': SECRET}}, 'options.snmp_priv_passwd')])
def test_a_wrong_level_is_named(api: Api, level: dict, wrong: str) -> None:
    good = {'level': 'operator'}
    assert f'fencing[1].{wrong}' in api.refused('POST', '/v1.0/hosts', changed(fencing=[good, level]))


def test_all_wrong_fields_are_named_at_once(api: Api) -> None:
    wrong = api.refused('POST', '/v1.0/hosts', {'ha_enabled': 1, 'addresses': {'moon': '1'}, 'fencing': 0, 'ipmi_ip': ''})
    assert set(wrong) == {'name', 'ha_enabled', 'addresses.moon', 'fencing', 'ipmi_ip'}
    assert wrong['name'].startswith('it is missing')
    assert wrong['ipmi_ip'] == 'there is no such field; there are: name, ha_enabled, fencing, addresses'


def test_a_secret_never_comes_back_and_is_never_logged(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level('DEBUG')
    body = json.loads(json.dumps(HOST))
    answers = [api.call('POST', '/v1.0/hosts', body), api.call('GET', '/v1.0/hosts'), api.call('PUT', PATH, body)]
    body['fencing'][0]['secrets']['password'] = SECRET + '\n'
    answers += [api.call('PATCH', PATH, body), api.call('PATCH', PATH, {'fencing': [{'level': SECRET * 10}], 'ha_enabled': SECRET})]
    assert [answer.status_code for answer in answers] == [201, 200, 200, 400, 400]
    assert not [answer.text for answer in answers if SECRET in answer.text]
    assert 'host=node-1 entered' in caplog.text
    assert SECRET not in caplog.text
