"""Incidents: pages, filters, the audit and the book."""

import pytest

from hostha.core.book import Entry, Phase
from hostha.ports import Incident, Transition
from tests.unit.api.conftest import Api
from tests.unit.api.memory import NOW


def incident(number: int, host: str = 'node-1', closed_at: float | None = None) -> Incident:
    return Incident(f'{host}.{number}', host, number, NOW - 100 + number, closed_at, 'all networks down', 'proven off')


@pytest.fixture
def told(api: Api) -> Api:
    """Five closed incidents of node-1, one open one of node-2."""
    api.history.all = [incident(number, closed_at=NOW - 50) for number in range(1, 6)] + [incident(9, 'node-2')]
    api.history.rows = [Transition(1, 'node-2', 'node-2.9', 9, NOW - 91, 'active', 'loss_seen', 'suspect', 'a network is down',
                                   '000: all down', 'engine-1', 'hostha')]
    api.history.book = [
        Entry('node-2.9', 'uuid-1', 'web', 'active', 'node-2', Phase.MOVED, 1, 7, NOW - 9, True, 'node-3', 'active on node-3',
              NOW - 10, NOW - 1),
        Entry('node-2.9', 'uuid-2', 'db', 'stopped', 'node-2')]
    api.history.holders = [('engine-1', 12.34567)]
    return api


def idents(result) -> list[str]:
    return [one['id'] for one in result.json['incidents']]


def test_newest_first_with_durations(told: Api) -> None:
    result = told.call('GET', '/v1.0/incidents')
    assert idents(result) == ['node-2.9', 'node-1.5', 'node-1.4', 'node-1.3', 'node-1.2', 'node-1.1']
    assert result.json['next_marker'] is None
    newest, next_one = result.json['incidents'][:2]
    assert (newest['open'], newest['closed_at'], newest['duration']) == (True, None, 91.0)
    assert (next_one['open'], next_one['closed_at'], next_one['duration']) == (False, '2023-11-14T22:12:30.000Z', 45.0)


def test_filters(told: Api) -> None:
    assert idents(told.call('GET', '/v1.0/incidents', query_string='open=true')) == ['node-2.9']
    assert len(idents(told.call('GET', '/v1.0/incidents', query_string='open=false&host=node-1'))) == 5
    assert idents(told.call('GET', '/v1.0/incidents', query_string='host=node-1&open=true')) == []


@pytest.mark.parametrize('size,pages', [(1, 6), (2, 3), (4, 2), (6, 1), (1000, 1)])
def test_pages_cover_everything_once(told: Api, size: int, pages: int) -> None:
    seen, marker = [], None
    for _ in range(pages):
        query = f'limit={size}' + (f'&marker={marker}' if marker else '')
        result = told.call('GET', '/v1.0/incidents', query_string=query)
        seen += idents(result)
        marker = result.json['next_marker']
    assert marker is None
    assert seen == ['node-2.9', 'node-1.5', 'node-1.4', 'node-1.3', 'node-1.2', 'node-1.1']


@pytest.mark.parametrize('query,wrong', [
    ('limit=0', 'limit'), ('limit=-1', 'limit'), ('limit=1001', 'limit'), ('limit=ten', 'limit'), ('limit=', 'limit'),
    ('limit=1e2', 'limit'), ('limit=1&limit=2', 'limit'), ('limit=%D9%A3', 'limit'), ('marker=node-1.77', 'marker'), ('marker=', 'marker'),
    ('marker=a%20b', 'marker'), ('open=yes', 'open'), ('open=True', 'open'), ('open', 'open'), ('host=a%0Ab', 'host'), ('host=', 'host'),
    ('hosts=node-1', 'hosts'), ('state=error', 'state'), ('limit=1%FF', 'limit')])
def test_a_wrong_parameter_is_named(told: Api, query: str, wrong: str) -> None:
    assert set(told.refused('GET', '/v1.0/incidents', query_string=query)) == {wrong}


def test_one_incident_with_its_transitions_and_servers(told: Api) -> None:
    shown = told.call('GET', '/v1.0/incidents/node-2.9').json
    assert (shown['id'], shown['reason'], shown['outcome']) == ('node-2.9', 'all networks down', 'proven off')
    assert shown['transitions'] == [{
        'id': 1, 'at': '2023-11-14T22:11:49.000Z', 'host': 'node-2', 'incident': 'node-2.9', 'epoch': 9, 'from': 'active',
        'event': 'loss_seen', 'to': 'suspect', 'why': 'a network is down', 'reason': '000: all down', 'engine': 'engine-1', 'by': 'hostha'}]
    assert shown['summary'] == '1 pending, 1 moved'
    assert shown['servers'][0] == {
        'id': 'uuid-1', 'name': 'web', 'phase': 'moved', 'reason': 'active on node-3', 'former_state': 'active', 'source': 'node-2',
        'destination': 'node-3', 'attempts': 1, 'started_at': '2023-11-14T22:13:10.000Z', 'ordered_at': '2023-11-14T22:13:11.000Z',
        'ended_at': '2023-11-14T22:13:19.000Z'}
    assert (shown['servers'][1]['destination'], shown['servers'][1]['ended_at']) == (None, None)
    assert told.call('GET', '/v1.0/incidents/node-2.9/transitions').json == {'transitions': shown['transitions']}
    assert told.call('GET', '/v1.0/incidents/node-2.9/servers').json == {'summary': shown['summary'], 'servers': shown['servers']}


@pytest.mark.parametrize('part', ['', '/transitions', '/servers'])
def test_an_unknown_incident_is_404(told: Api, part: str) -> None:
    assert told.call('GET', f'/v1.0/incidents/node-1.99{part}').status_code == 404
    assert set(told.refused('GET', f'/v1.0/incidents/a%20b{part}')) == {'id'}


def test_engines(told: Api) -> None:
    assert told.call('GET', '/v1.0/engines').json == {'engines': [{'name': 'engine-1', 'lease_left': 12.346}]}
