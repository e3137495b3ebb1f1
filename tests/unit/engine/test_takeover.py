"""A host that is lost again on its way back, taken over when it has come back, or vouched for when it is not off."""

from dataclasses import dataclass, field

import pytest

from hostha.core.book import Entry, Evacuation, Server
from hostha.core.states import State
from hostha.exceptions import StoreUnavailable
from hostha.flows.desk import Look
from hostha.flows.tasks.servers import EvacuateServer
from hostha.sim.host import Bmc
from hostha.sim.scenario import HostPlan
from tests.unit import fakes
from tests.unit.engine.test_survival import cloud, once

__all__ = ['cloud']

FOUR = {'h1': HostPlan({'active': 4}), 'h2': HostPlan(), 'h3': HostPlan()}


def events(run, host='h1'):
    return [row.event for incident in run.database.history.incidents(host=host)
            for row in run.database.history.transitions(incident.id)]


def test_a_host_with_servers_that_is_lost_again_on_its_way_back_is_recovered(cloud):
    run = cloud([(10, 'link_down', ('h1', 'tenant'))])
    run.go_until(State.ISOLATED)
    run.go(20)
    run.world.set_link('h1', 'tenant', True)
    run.go_until(State.RECOVERED)
    run.world.power_off('h1')
    run.go(300)
    assert (run.record().state, 'evacuating' in run.path()) == (State.RECOVERED, True)
    assert not [server for server, runs in run.world.hosts['h1'].guests.items() if runs]


def test_who_takes_an_evacuation_over_first_sees_whether_the_host_has_come_back(cloud):
    run = cloud([(10, 'power_off', ('h1',))], hosts=FOUR, max_parallel_evacuations=1)
    run.go_until(State.EVACUATING)
    run._kill(1)
    run.world.power_on('h1')
    run.go(600)
    before = len(run.world.nova.inventory.records)
    run._start(1)
    run.go_until(State.ISOLATED, most=30)
    assert len(run.world.nova.inventory.records) == before


@pytest.mark.parametrize('after', [0.0, 60.0])
def test_an_operators_word_is_not_taken_while_the_host_is_seen(cloud, after):
    run = cloud([(10, 'link_down', ('h1', 'management'))])
    run.go_until(State.ISOLATED)
    run.go(after)
    run._order('h1', 'confirm-off')
    run.go(60)
    assert 'fenced' not in run.path()
    assert 'still seen on: tenant, storage' in run.database.history.orders()[0].result


def test_an_operators_word_is_taken_as_soon_as_the_host_is_gone(cloud):
    run = cloud([(10, 'bmc', ('h1', 'timeout')), (11, 'link_down', ('h1', 'storage'))], levels=['operator'], fence_timeout=600.0)
    run.go_until(State.ISOLATED)
    run._order('h1', 'confirm-off')
    run.world.power_off('h1')
    run.go(40)
    assert 'fenced' in run.path()
    assert run.database.history.orders()[0].result == 'done'


def restarted(run):
    run._kill(1)
    run.go(20)
    run._start(1)


def test_a_job_that_cannot_be_given_up_now_is_given_up_later(cloud):
    run = cloud([(10, 'bmc', ('h1', 'stuck')), (11, 'link_down', ('h1', 'storage'))], recovery_attempts=20, fence_timeout=600.0)
    run.go_until(State.ISOLATED)
    for _ in range(10):
        restarted(run)
        run.go(3)
    restarted(run)
    conductor = run.engine.conductor
    give_up = conductor._give_up

    def meets_a_hiccup(job):
        conductor._give_up = give_up
        with once(run.store, 'record', StoreUnavailable('away')):
            give_up(job)

    conductor._give_up = meets_a_hiccup
    run.go(3)
    run.world.set_bmc('h1', Bmc.OK)
    run.go(600)
    assert run.record().state is not State.ISOLATED


def test_a_host_whose_servers_were_ordered_away_is_fenced_whatever_it_looks_like(cloud):
    run = cloud([(10, 'power_off', ('h1',))], hosts=FOUR, max_parallel_evacuations=1)
    run.go_until(State.EVACUATING)
    run.go(1)
    run.world.power_on('h1')
    run.go_until(State.ISOLATED)
    run.world.nova.faults.unavailable = True
    run.go_until(State.FENCED)
    run.world.power_on('h1')
    run.go(320)
    run.world.nova.faults.unavailable = False
    run.go(200)
    assert 'loss_changed' not in events(run)


@dataclass
class StrangeRebuild:
    """A desk whose one server is being rebuilt by somebody else, for ever."""

    saved: list[Entry] = field(default_factory=list)

    def entry(self, server):
        return self.saved[-1] if self.saved else Entry('h1.1', server, 'web', 'active', 'h1')

    def save(self, entry):
        self.saved.append(entry)

    def look(self):
        return Look({'s1': Server('s1', 'web', 'h1', 'active', 'rebuilding')}, [Evacuation(7, 's1', 'h1', 'h9', 'accepted')])


def test_a_server_that_waits_for_somebody_elses_rebuild_is_told_once(caplog):
    clock, desk = fakes.ManualClock(), StrangeRebuild()
    context = fakes.context(fakes.tools(clock, fakes.Eyes(fakes.DOWN)))
    context.desk = lambda poll: desk
    task = EvacuateServer('evacuate-s1', 's1', 0, 1, 2.0)
    task.context = context
    for _ in range(3):
        task.execute(1, {'n': 1, 'of': 1})
        clock.now += 1000
    assert len([record for record in caplog.records if 'followed for long' in record.message]) == 1
    assert 'somebody else' in desk.saved[-1].reason
