from typing import Any

import pytest

from hostha.core.observation import Member, Sighting
from hostha.drivers.consul import answers
from hostha.drivers.consul.answers import Gossip
from hostha.exceptions import Unavailable

MEMBER = {'Name': 'compute-1', 'Addr': '192.0.2.1', 'Status': 1, 'Tags': {'role': 'node'}}


def check(node: str, status: str, check_id: str = 'serfHealth') -> dict[str, str]:
    return {'Node': node, 'CheckID': check_id, 'Status': status}


class TestChecks:
    def test_only_the_check_of_the_host_itself_counts(self) -> None:
        body = [check('a', 'passing'), check('a', 'critical', '_node_maintenance'), check('a', 'critical', 'service:web'),
                check('b', 'critical')]
        assert answers.checks(body) == {'a': True, 'b': False}

    def test_an_empty_list_is_passed_on(self) -> None:
        assert answers.checks([]) == {}

    @pytest.mark.parametrize('body', [None, {}, 'text', 7, [7], [None], [{}], [{'Node': 'a', 'CheckID': 'serfHealth'}],
                                      [check('a', 'resting')], [{**check('a', 'passing'), 'Node': 7}], {'CheckID': 'serfHealth'}])
    def test_anything_else_is_no_answer(self, body: Any) -> None:
        with pytest.raises(Unavailable, match='not an answer of Consul'):
            answers.checks(body)


class TestGossip:
    @pytest.mark.parametrize(('status', 'member'), [(1, Member.ALIVE), (2, Member.LEAVING), (3, Member.LEFT), (4, Member.FAILED)])
    def test_each_status(self, status: int, member: Member) -> None:
        assert answers.gossip([{**MEMBER, 'Status': status}]) == {'compute-1': Gossip(member, False, '192.0.2.1')}

    def test_a_server(self) -> None:
        assert answers.gossip([{**MEMBER, 'Tags': {'role': 'consul'}}])['compute-1'].server

    @pytest.mark.parametrize('body', [None, {}, [7], [{**MEMBER, 'Status': 9}], [{**MEMBER, 'Status': [1]}], [{**MEMBER, 'Tags': None}],
                                      [{**MEMBER, 'Addr': None}], [{**MEMBER, 'Name': None}]])
    def test_anything_else_is_no_answer(self, body: Any) -> None:
        with pytest.raises(Unavailable, match='not an answer of Consul'):
            answers.gossip(body)


class TestAutopilot:
    @pytest.mark.parametrize('setting', [True, False])
    def test_the_setting(self, setting: bool) -> None:
        assert answers.cleans_up({'CleanupDeadServers': setting}) is setting

    @pytest.mark.parametrize('body', [None, [], {}, {'CleanupDeadServers': 'false'}, {'CleanupDeadServers': None}])
    def test_anything_else_is_no_answer(self, body: Any) -> None:
        with pytest.raises(Unavailable):
            answers.cleans_up(body)


KNOWN = {'up': Gossip(Member.ALIVE, False, '192.0.2.1'), 'down': Gossip(Member.FAILED, True, '192.0.2.2'),
         'gone': Gossip(Member.LEFT, False, '192.0.2.3'), 'late': Gossip(Member.FAILED, False, '192.0.2.4')}
PASSING = {'up': True, 'down': False, 'late': True, 'pruned': False}


class TestMerging:
    def test_failed_by_the_check_or_by_gossip(self) -> None:
        assert answers.failed(PASSING, KNOWN) == {'down', 'late', 'pruned'}

    def test_each_host_has_both_words_and_the_ping(self) -> None:
        assert answers.sightings(PASSING, KNOWN, {'192.0.2.2': False, '192.0.2.4': True}) == {
            'up': Sighting(Member.ALIVE, True), 'down': Sighting(Member.FAILED, False, True, False), 'gone': Sighting(Member.LEFT, None),
            'late': Sighting(Member.FAILED, True, False, True), 'pruned': Sighting(None, False)}
