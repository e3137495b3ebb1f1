"""A host serves again only when nothing that its nova-compute may do can destroy a server."""

from dataclasses import replace

import pytest

from hostha.core.book import Entry, Evacuation, Phase
from hostha.core.readmission import LEFTOVER, ComputeService, Step, next_step

DOWN = ComputeService('1', 'h1', up=False, enabled=False, forced_down=True, disabled_reason='hostha: incident h1.1')
MOVED = Entry('h1.1', 's1', 'web', 'active', 'h1', Phase.MOVED)


def step(service, beating=True, records=(), entries=(MOVED,)):
    return next_step(service, beating, records, entries)[0]


def test_the_way_back_step_by_step():
    assert step(DOWN, beating=False) is Step.WAIT
    assert step(DOWN) is Step.UNFORCE
    assert step(replace(DOWN, forced_down=False)) is Step.WAIT
    assert step(replace(DOWN, forced_down=False, up=True)) is Step.ENABLE
    assert step(replace(DOWN, forced_down=False, up=True, enabled=True, disabled_reason='')) is Step.DONE


@pytest.mark.parametrize('status', LEFTOVER)
def test_a_leftover_record_keeps_it_out(status):
    assert step(DOWN, records=[Evacuation(1, 's1', 'h1', 'h2', status)]) is Step.WAIT
    assert step(DOWN, records=[Evacuation(1, 's1', 'h1', 'h2', 'completed')]) is Step.UNFORCE


def test_a_server_on_its_way_by_our_own_book_keeps_it_out():
    assert step(DOWN, entries=[MOVED, replace(MOVED, phase=Phase.ORDERED)]) is Step.WAIT


def test_a_host_that_somebody_else_disabled_stays_disabled():
    theirs = replace(DOWN, forced_down=False, up=True, disabled_reason='disk swap on Friday')
    assert next_step(theirs, True, [], []) == (Step.DONE, 'up; disabled by somebody else: disk swap on Friday')


def test_a_host_that_nova_does_not_know_is_refused():
    assert step(None) is Step.REFUSE
