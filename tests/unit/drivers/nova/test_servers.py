"""Nova's servers, where the contract does not look: above all how few calls a look takes, and that it sees everything."""

from datetime import timedelta

import pytest

from hostha.core.book import Server
from hostha.drivers.nova import NovaServers
from hostha.drivers.nova.servers import _record
from hostha.drivers.nova.sight import LIFETIME
from hostha.drivers.nova.wire import open_wire
from hostha.exceptions import Refused, Unavailable
from tests.unit.drivers.nova.fake import FakeCloud, says
from tests.unit.drivers.nova.state import HOST


class Watch:
    """A monotonic clock that a test moves."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Watch:
    """The driver's clock."""
    return Watch()


@pytest.fixture
def servers(cloud: FakeCloud, watch: Watch) -> NovaServers:
    """The driver on that clock."""
    return NovaServers(open_wire(cloud.settings()), watch)


def reads(cloud: FakeCloud) -> list[str]:
    """What was read of servers since the last call of this function: the list of a host, of changes, the newest change, or one."""
    kinds = {'host': 'host', 'changes-since': 'changes', 'sort_key': 'newest'}
    found = [next((kind for name, kind in kinds.items() if name in request.query), 'one') for request in cloud.sent('GET', '/servers')]
    cloud.requests.clear()
    return found


def test_a_tick_is_one_list_of_changes_however_many_servers(cloud: FakeCloud, servers: NovaServers) -> None:
    ours = [cloud.state.add_server('compute-1') for _ in range(300)]
    cloud.state.now += timedelta(days=1)
    for number in range(50):
        cloud.state.add_server('compute-3', name=f'other {number}')
    assert len(servers.look(ours, 'compute-1')) == 300
    assert reads(cloud) == ['newest', 'host']
    for number, server in enumerate(ours[:100]):
        cloud.state.now += timedelta(seconds=5)
        cloud.state.change(server, host='compute-2')
        if number % 10 == 9:
            seen = servers.look(ours, 'compute-1')
            assert len(seen) == 300
            assert sum(each.host == 'compute-2' for each in seen.values()) == number + 1
            assert reads(cloud) == ['changes']


def test_after_on_host_even_the_first_look_is_one_list_of_changes(cloud: FakeCloud, servers: NovaServers) -> None:
    ours = [cloud.state.add_server('compute-1') for _ in range(3)]
    assert [server.id for server in servers.on_host('compute-1')] == ours
    reads(cloud)
    cloud.state.change(ours[0], task='rebuilding')
    assert servers.look(ours, 'compute-1')[ours[0]].task == 'rebuilding'
    assert reads(cloud) == ['changes']


def test_the_list_of_changes_begins_before_the_newest_change_by_novas_own_times(cloud: FakeCloud, servers: NovaServers) -> None:
    server = cloud.state.add_server('compute-1')
    servers.look([server], 'compute-1')
    cloud.state.servers[server] |= {HOST: 'compute-2', 'updated': '2026-05-01T11:59:01Z'}  # by a clock 59 s behind
    assert servers.look([server], 'compute-1')[server].host == 'compute-2'
    assert cloud.sent('GET', '/servers')[-1].query['changes-since'] == '2026-05-01T11:59:00Z'


def test_the_first_list_of_changes_begins_at_the_newest_change_of_anybody(cloud: FakeCloud, servers: NovaServers) -> None:
    server = cloud.state.add_server('compute-1')
    cloud.state.now += timedelta(days=30)
    cloud.state.add_server('compute-3')
    for _ in range(2):
        servers.look([server], 'compute-1')
    assert cloud.sent('GET', '/servers')[-1].query['changes-since'] == '2026-05-31T11:59:00Z'


def test_servers_that_nobody_asked_for_do_not_matter(cloud: FakeCloud, servers: NovaServers) -> None:
    server = cloud.state.add_server('compute-1')
    servers.look([server], 'compute-1')
    cloud.state.servers['foreign'] = {'id': 'foreign', 'status': 'UNKNOWN', 'updated': cloud.state.time(), HOST: None}
    assert set(servers.look([server], 'compute-1')) == {server}


def test_the_beginning_moves_on_with_the_newest_change_of_anybody(cloud: FakeCloud, servers: NovaServers) -> None:
    server = cloud.state.add_server('compute-1')
    servers.look([server], 'compute-1')
    cloud.state.now += timedelta(minutes=10)
    cloud.state.add_server('compute-3')
    for _ in range(2):
        servers.look([server], 'compute-1')
    assert cloud.sent('GET', '/servers')[-1].query['changes-since'] == '2026-05-01T12:09:00Z'


def test_what_changes_while_the_first_list_is_read_is_not_missed(cloud: FakeCloud, servers: NovaServers) -> None:
    server = cloud.state.add_server('compute-1')
    later: list[bool] = []

    def meanwhile(handler, proper) -> None:
        answer = proper()
        answer = answer[0], {'servers': [dict(row) for row in answer[1]['servers']]}
        if 'host=' in handler.path and not later:
            cloud.state.now += timedelta(minutes=5)
            cloud.state.change(server, host='compute-2')
            later.append(True)
        handler.reply(*answer)

    cloud.fail('GET', '/servers/detail', meanwhile)
    assert servers.look([server], 'compute-1')[server].host == 'compute-1'
    assert servers.look([server], 'compute-1')[server].host == 'compute-2'


def test_a_server_that_moved_before_the_first_look_is_asked_for_once_and_then_followed(cloud: FakeCloud, servers: NovaServers) -> None:
    here, moved = cloud.state.add_server('compute-1'), cloud.state.add_server('compute-2')
    assert servers.look([here, moved], 'compute-1')[moved].host == 'compute-2'
    assert reads(cloud) == ['newest', 'host', 'one']
    cloud.state.change(moved, host='compute-3')
    assert servers.look([here, moved], 'compute-1')[moved].host == 'compute-3'
    assert reads(cloud) == ['changes']


def test_a_server_that_is_gone_is_asked_for_once(cloud: FakeCloud, servers: NovaServers) -> None:
    here = cloud.state.add_server('compute-1')
    for _ in range(2):
        assert set(servers.look([here, 'never-was'], 'compute-1')) == {here}
    assert reads(cloud) == ['newest', 'host', 'one', 'changes']


def test_a_deleted_server_is_seen_in_the_changes(cloud: FakeCloud, servers: NovaServers) -> None:
    here, doomed = cloud.state.add_server('compute-1'), cloud.state.add_server('compute-1')
    servers.look([here, doomed], 'compute-1')
    cloud.state.delete_server(doomed)
    reads(cloud)
    assert set(servers.look([here, doomed], 'compute-1')) == {here}
    assert reads(cloud) == ['changes']


def test_a_soft_deleted_server_is_not_gone(cloud: FakeCloud, servers: NovaServers) -> None:
    server = cloud.state.add_server('compute-1')
    cloud.state.change(server, state='soft-delete', status='SOFT_DELETED')
    assert servers.look([server], 'compute-1')[server].state == 'soft-delete'


def test_the_404_of_a_proxy_does_not_make_a_server_gone(cloud: FakeCloud, servers: NovaServers) -> None:
    cloud.fail('GET', '/servers/moved', says(404, {'error': {'code': 404, 'message': 'Not Found'}}))
    cloud.state.add_server('compute-1')
    with pytest.raises(Unavailable):
        servers.look(['moved'], 'compute-1')


def test_after_its_lifetime_a_sight_is_read_afresh(cloud: FakeCloud, servers: NovaServers, watch: Watch) -> None:
    server = cloud.state.add_server('compute-1')
    servers.look([server], 'compute-1')
    cloud.state.servers[server] |= {HOST: 'compute-2', 'updated': '2026-05-01T11:00:00Z'}  # by a clock an hour behind
    reads(cloud)
    assert servers.look([server], 'compute-1')[server].host == 'compute-1'
    watch.now += LIFETIME
    assert servers.look([server], 'compute-1')[server].host == 'compute-2'
    assert reads(cloud) == ['changes', 'newest', 'host', 'one']


def test_each_host_has_its_own_sight(cloud: FakeCloud, servers: NovaServers) -> None:
    first, second = cloud.state.add_server('compute-1'), cloud.state.add_server('compute-2')
    for _ in range(2):
        assert set(servers.look([first], 'compute-1')) == {first}
        assert set(servers.look([second], 'compute-2')) == {second}
    assert reads(cloud) == ['newest', 'host', 'newest', 'host', 'changes', 'changes']


def test_nothing_asked_nothing_read(cloud: FakeCloud, servers: NovaServers) -> None:
    assert servers.look([], 'compute-1') == {}
    assert reads(cloud) == []


def test_a_host_whose_name_differs_by_case_only_is_another_host(cloud: FakeCloud, servers: NovaServers) -> None:
    cloud.state.add_host('COMPUTE-1')
    cloud.state.add_server('COMPUTE-1')
    cloud.state.add_record('server', 'COMPUTE-1')
    here = cloud.state.add_server('compute-1')
    assert [server.id for server in servers.on_host('compute-1')] == [here]
    assert servers.evacuations('compute-1') == []


def test_without_the_admin_role_nothing_is_believed(cloud: FakeCloud, servers: NovaServers) -> None:
    server = cloud.state.add_server('compute-2')
    cloud.state.admin = False
    for read in (lambda: servers.on_host('compute-1'), lambda: servers.look([server], 'compute-1')):
        with pytest.raises(Refused, match='wrong role'):
            read()


def test_a_cell_that_does_not_answer_is_not_an_empty_host(cloud: FakeCloud, servers: NovaServers) -> None:
    cloud.state.add_server('compute-3')
    cloud.state.services['compute-1'] = {'binary': 'nova-compute', 'host': 'compute-1', 'status': 'UNKNOWN'}
    with pytest.raises(Unavailable, match='cell'):
        servers.on_host('compute-1')
    cloud.state.servers['lost'] = {'id': 'lost', 'status': 'UNKNOWN', 'tenant_id': 'p', 'created': '2026-01-01T00:00:00Z', HOST: 'nowhere'}
    del cloud.state.servers['lost'][HOST]
    cloud.fail('GET', '/servers/lost', says(200, {'server': cloud.state.servers.pop('lost')}))
    with pytest.raises(Unavailable, match='cell'):
        servers.look(['lost'], 'compute-1')


def test_everything_that_nova_shows_of_a_server_is_taken_over(cloud: FakeCloud, servers: NovaServers) -> None:
    server = cloud.state.add_server('compute-1', 'error', status='ERROR', fault={'code': 500, 'message': 'No valid host was found.'})
    assert servers.on_host('compute-1') == [
        Server(server, f'name of {server}', 'compute-1', 'error', '', 'No valid host was found.', '2026-05-01T12:00:00Z')]


def test_a_server_on_no_host_has_no_host(cloud: FakeCloud, servers: NovaServers) -> None:
    server = cloud.state.add_server(None, 'shelved_offloaded')
    assert servers.look([server], 'compute-1')[server].host == ''


def test_only_records_of_evacuations_count(cloud: FakeCloud, servers: NovaServers) -> None:
    cloud.state.add_record('server-1', 'compute-1', 'completed')
    cloud.state.add_record('server-2', 'compute-1', kind='live-migration')
    cloud.state.add_record('server-3', 'compute-2')
    cloud.state.add_record('server-4', 'compute-1')
    rows = cloud.state.records
    cloud.fail('GET', '/os-migrations', says(200, {'migrations': rows[::-1]}))
    assert servers.evacuations('compute-1') == [_record(rows[0]), _record(rows[3])]


def test_stop_of_a_server_that_cannot_be_stopped_is_refused(cloud: FakeCloud, servers: NovaServers) -> None:
    server = cloud.state.add_server('compute-1', 'paused')
    with pytest.raises(Refused, match='vm_state paused'):
        servers.stop(server)


def test_stop_of_a_server_that_is_being_stopped_is_done(cloud: FakeCloud, servers: NovaServers) -> None:
    server = cloud.state.add_server('compute-1', 'error')
    cloud.state.change(server, task='powering-off')
    servers.stop(server)


def test_delete_of_a_server_that_is_gone_is_done_but_not_on_the_word_of_a_proxy(cloud: FakeCloud, servers: NovaServers) -> None:
    servers.delete('never-was')
    cloud.fail('DELETE', '/servers', says(404, '<html>not here</html>'))
    with pytest.raises(Exception, match='may have been carried out'):
        servers.delete('never-was')
