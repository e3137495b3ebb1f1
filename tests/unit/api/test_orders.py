"""What became of orders."""

import pytest

from hostha.ports import OrderRecord
from tests.unit.api.conftest import Api
from tests.unit.api.memory import NOW

DONE = {'id': 1, 'host': 'node-1', 'action': 'maintenance', 'reason': 'new memory', 'by': 'alice',
        'ordered_at': '2023-11-14T22:13:20.000Z', 'closed_at': '2023-11-14T22:13:21.500Z', 'result': 'done'}
OPEN = {'id': 3, 'host': 'node-1', 'action': 'resume', 'reason': 'it is in', 'by': 'bob',
        'ordered_at': '2023-11-14T22:13:30.000Z', 'closed_at': None, 'result': None}


@pytest.fixture
def ordered(with_host: Api) -> Api:
    """Two orders for node-1, which is there, with one between them for node-2, which was deleted."""
    with_host.history.given = [
        OrderRecord(1, 'node-1', 'maintenance', 'new memory', 'alice', 1, NOW, NOW + 1.5, 'done'),
        OrderRecord(2, 'node-2', 'reset', 'scrapped', 'alice', 1, NOW, NOW + 2, 'not done: the host was deleted'),
        OrderRecord(3, 'node-1', 'resume', 'it is in', 'bob', 2, NOW + 10, None, None)]
    return with_host


def test_one_order_done_or_not_yet(ordered: Api) -> None:
    assert ordered.call('GET', '/v1.0/orders/1').json == DONE
    assert ordered.call('GET', '/v1.0/orders/3').json == OPEN


def test_the_orders_for_a_host_newest_first(ordered: Api) -> None:
    path = '/v1.0/hosts/node-1/orders'
    assert ordered.call('GET', path).json == {'orders': [OPEN, DONE]}
    assert ordered.call('GET', path, query_string='limit=1').json == {'orders': [OPEN]}
    assert set(ordered.refused('GET', path, query_string='limit=0')) == {'limit'}


def test_a_deleted_host_keeps_its_orders_and_a_new_one_has_none(ordered: Api) -> None:
    assert [order['id'] for order in ordered.call('GET', '/v1.0/hosts/node-2/orders').json['orders']] == [2]
    ordered.call('POST', '/v1.0/hosts', {'name': 'node-3'})
    assert ordered.call('GET', '/v1.0/hosts/node-3/orders').json == {'orders': []}


def test_what_is_not_there(ordered: Api) -> None:
    assert ordered.call('GET', '/v1.0/orders/4').status_code == 404
    assert ordered.call('GET', '/v1.0/hosts/node-4/orders').status_code == 404
    assert set(ordered.refused('GET', '/v1.0/hosts/a%20b/orders')) == {'name'}


@pytest.mark.parametrize('ident', ['0', '-1', '01', '1.0', 'x', '1' * 19, '%D9%A3'])
def test_an_id_that_is_none(ordered: Api, ident: str) -> None:
    assert set(ordered.refused('GET', f'/v1.0/orders/{ident}')) == {'id'}
