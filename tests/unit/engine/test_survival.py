"""An engine and its incidents through hiccups of the database, late leases, lost answers and surprises: on the simulated world."""

from contextlib import contextmanager
from dataclasses import replace

import pytest

from hostha.cmd.sim_runner import Runner
from hostha.core import brakes
from hostha.core.model import HostRecord
from hostha.core.states import Command, Response, State
from hostha.db.models import ORDERS
from hostha.exceptions import NotFound, StoreUnavailable
from hostha.sim.commands import Command as Act
from hostha.sim.host import Bmc
from hostha.sim.scenario import HostPlan, Scenario


def _away(*_):
    raise StoreUnavailable('the database is away')


class Wrapped:
    """A port whose methods a test replaces; the others are those of the real one."""

    def __init__(self, port):
        self.port = port

    def __getattr__(self, name):
        return getattr(self.port, name)


class Cloud(Runner):
    """Three hosts, two servers on the first; the test lets time go by."""

    def __init__(self, timeline=(), hosts=None, **settings):
        hosts = hosts or {'h1': HostPlan({'active': 2}), 'h2': HostPlan(), 'h3': HostPlan()}
        super().__init__(Scenario('test', 'test', 1e6, hosts, [Act(at, verb, arguments) for at, verb, arguments in timeline], [],
                                  settings={'check_interval': 3.0, **settings}, timing={'skew': (0.0, 0.0)}))
        self.store = self.leases = None
        self._prepare()

    def _ports(self):
        ports = super()._ports()
        self.store, self.leases = Wrapped(ports.store), Wrapped(ports.leases)
        return replace(ports, store=self.store, leases=self.leases)

    @property
    def engine(self):
        return self._engines[1]

    def go(self, seconds):
        end = self.world.stage.now + seconds
        while True:
            before = self.world.stage.now
            due = self._turn()
            if before >= end:
                return
            self.world.advance(min([end, *(time for time in (*due, self.world.next_due()) if time is not None)]))

    def go_until(self, state, host='h1', most=300):
        for _ in range(int(most / 0.1)):
            if self.record(host).state is state:
                return
            self.go(0.1)
        raise AssertionError(f'{host} never was {state}, it is {self.record(host).state}')

    def record(self, host='h1'):
        return self.database.store.record(host)

    def path(self, host='h1'):
        return [row.after for incident in reversed(self.database.history.incidents(host=host))
                for row in self.database.history.transitions(incident.id)]


@pytest.fixture
def cloud():
    made = []

    def make(*args, **kwargs):
        made.append(Cloud(*args, **kwargs))
        return made[-1]

    yield make
    for one in made:
        for engine in one._engines.values():
            engine.abandon()
            engine.run_once()
        one.close()


@contextmanager
def once(port, method, error, *, after=False):
    """The next call of ``method`` raises ``error``; after=True: its work is done, and only the answer is lost."""
    real, left = getattr(port.port, method), [True]

    def failing(*args, **kwargs):
        if not left:
            return real(*args, **kwargs)
        left.clear()
        if after:
            real(*args, **kwargs)
        raise error

    setattr(port, method, failing)
    yield
    assert not left, f'{method} was never called'
    delattr(port, method)


def test_one_surprise_does_not_blind_the_engine(cloud):
    """A host is deleted between the snapshot and the step."""
    run = cloud()
    run.go(10)
    with once(run.store, 'records', NotFound('h9')):
        run.go(10)
    run.world.power_off('h1')
    run.go_until(State.RECOVERED)


def test_an_engine_that_takes_up_its_own_expired_leases_goes_on_with_its_flows(cloud):
    """The database was away for longer than a lease; when it is back, the claim comes before the renewal."""
    run = cloud([(10, 'bmc', ('h1', 'stuck')), (11, 'link_down', ('h1', 'storage'))], levels=['ipmi', 'redfish'], fence_timeout=30.0,
                lease=15.0)
    run.go_until(State.ISOLATED)
    run.leases.renew, run.leases.claim = _away, _away
    run.go(20)
    del run.leases.claim
    run.go(2)
    del run.leases.renew
    run.world.set_bmc('h1', Bmc.OK)
    run.go_until(State.RECOVERED)


def test_a_lease_that_was_renewed_late_stalls_no_incident(cloud):
    run = cloud([(11, 'link_down', ('h1', 'storage'))])
    run.go_until(State.SUSPECT)
    run.leases.holds = lambda job, engine: False
    run.go_until(State.ISOLATED)
    run.go(5)
    del run.leases.holds
    run.go_until(State.RECOVERED)


def test_an_incident_whose_opening_was_not_answered_is_taken_up_though_the_engine_has_others(cloud):
    run = cloud([(10, 'link_down', ('h3', 'management'))])
    run.go_until(State.ISOLATED, 'h3')
    run.world.power_off('h1')
    with once(run.store, 'commit', StoreUnavailable('the answer was lost'), after=True):
        run.go(10)
    run.go_until(State.RECOVERED)


def test_claims_that_were_not_answered_are_taken_up_though_the_engine_has_others(cloud):
    run = cloud([(10, 'link_down', ('h3', 'management')), (11, 'power_off', ('h1',))])
    run.go_until(State.SUSPECT)
    run._kill(1)
    run.go(20)
    run._start(1)
    with once(run.leases, 'claim', StoreUnavailable('the answer was lost'), after=True):
        run.go(3)
    run.world.set_link('h2', 'management', False)
    run.go_until(State.SUSPECT, 'h2')
    run.go_until(State.RECOVERED)


def test_an_evacuation_whose_start_was_not_answered_is_started(cloud):
    run = cloud([(10, 'power_off', ('h1',))])
    real = run.store.port.commit

    def commit(decision, *args):
        result = real(decision, *args)
        if decision.command is Command.EVACUATE and not lost:
            lost.append(decision)
            raise StoreUnavailable('the answer was lost')
        return result

    lost, run.store.commit = [], commit
    run.go_until(State.EVACUATING)
    run.go_until(State.RECOVERED)


def test_an_outcome_that_meets_a_surprise_is_not_lost_in_silence(cloud):
    run = cloud([(10, 'power_off', ('h1',))])
    run.go_until(State.SUSPECT)
    real = run.store.port.commit

    def commit(decision, *args):
        if decision.command is Command.FENCE and not failed:
            failed.append(decision)
            raise RuntimeError('a surprise')
        return real(decision, *args)

    failed, run.store.commit = [], commit
    run.go_until(State.RECOVERED)


def test_one_order_that_cannot_be_taken_holds_up_no_other(cloud):
    run = cloud()
    run.go(5)
    with run.database.transactions.write() as connection:
        connection.execute(ORDERS.insert().values(host='h2', action='dance', reason='x', by='y', epoch=0, ordered_at=0.0))
    run.database.registry.order('h1', 'maintenance', 'disks', 'operator')
    run.go_until(State.MAINTENANCE, most=20)


def test_a_host_that_came_back_while_no_engine_ran_is_not_fenced(cloud):
    run = cloud([(10, 'link_down', ('h1', 'storage')), (10, 'bmc', ('h1', 'stuck'))])
    run.go_until(State.ISOLATED)
    run._kill(1)
    run.world.fenced.clear()
    run.world.set_link('h1', 'storage', True)
    run.go(600)
    run._start(1)
    run.go(120)
    assert run.world.fenced == []


def test_an_old_word_of_an_operator_is_no_proof(cloud):
    """He vouched for it an hour ago; no engine ran to hear it, and the host is up again."""
    run = cloud([(10, 'bmc', ('h1', 'refuse')), (11, 'power_off', ('h1',))], recovery_attempts=1)
    run.go_until(State.ERROR)
    run._kill(1)
    run._order('h1', 'confirm-off')
    run.world.power_on('h1')
    run.go(3600)
    run._start(1)
    run.go(60)
    assert State.FENCED not in run.path()


def test_a_job_that_is_claimed_again_and_again_goes_to_the_operator(cloud):
    run = cloud([(10, 'bmc', ('h1', 'stuck')), (11, 'link_down', ('h1', 'storage'))], recovery_attempts=20, fence_timeout=600.0)
    run.go_until(State.ISOLATED)
    for _ in range(12):
        run._kill(1)
        run.go(20)
        run._start(1)
        run.go(3)
    assert run.record().state is State.ERROR


def test_hosts_that_flap_or_that_nova_does_not_take_hold_up_no_evacuation_for_ever():
    ready = HostRecord('h1', State.FENCED, 1, marked_down=True, since=1000.0)
    flapping = HostRecord('h2', State.SUSPECT, 40, since=4990.0)
    stalled = HostRecord('h3', State.FENCED, 1, since=1000.0, stalls=9)
    assert brakes.evacuation_due([ready, flapping], 5000.0)[0] == ['h1']
    assert brakes.evacuation_due([ready, stalled], 5000.0)[0] == ['h1']


def test_a_dead_host_whose_fencing_failed_at_once_is_waited_for_as_long_as_nova_takes_it_for_alive():
    ready = HostRecord('h1', State.FENCED, 1, marked_down=True, since=1000.0)
    dead = HostRecord('h2', State.ERROR, 1, response=Response.FENCE, since=1000.0)
    assert brakes.evacuation_due([ready, dead], 1010.0)[0] == []
