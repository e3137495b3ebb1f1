"""Leases are renewed apart from the driver thread, and what is lost is told."""

import threading
import time

from hostha.drivers.clock import SystemClock
from hostha.engine.keeper import Keeper
from hostha.exceptions import StoreUnavailable
from hostha.ports import Job
from tests.unit.fakes import ManualClock

ONE, TWO = Job('h1.1', 'h1', 1), Job('h2.1', 'h2', 1)


class Leases:
    def __init__(self, *kept):
        self.kept, self.renewals, self.opened = set(kept), 0, lambda: None

    def renew(self, engine, incidents):
        self.renewals += 1
        self.asked = list(incidents)
        self.opened()
        if self.kept is None:
            raise StoreUnavailable('gone')
        return self.kept


def keeper(leases, held, clock=None, lease=3.0):
    lost = []
    return Keeper(leases, clock or ManualClock(), 'e1', lease, lambda: held, lost.extend), lost


def test_what_is_not_held_any_more_is_told():
    made, lost = keeper(Leases('h1.1'), [ONE, TWO])
    made.renew()
    assert (lost, made._leases.asked) == ([TWO], ['h1.1', 'h2.1'])


def test_a_job_that_is_opened_during_the_renewal_is_not_taken_for_lost():
    held, leases = [ONE], Leases('h1.1')
    leases.opened = lambda: held.append(TWO)
    made, lost = keeper(leases, held)
    made.renew()
    assert lost == []


def test_a_database_that_does_not_answer_loses_nothing_by_itself():
    leases = Leases()
    leases.kept = None
    made, lost = keeper(leases, [ONE])
    made.renew()
    assert (lost, leases.renewals) == ([], 1)


def test_an_engine_without_incidents_renews_nothing():
    leases = Leases()
    keeper(leases, [])[0].renew()
    assert leases.renewals == 0


def test_the_thread_renews_every_third_of_a_lease_survives_errors_and_ends():
    enough, leases = threading.Event(), Leases('h1.1')

    def opened():
        if leases.renewals >= 3:
            enough.set()
        raise RuntimeError('once more')

    leases.opened = opened
    made, _ = keeper(leases, [ONE], SystemClock(), lease=0.03)
    made.start()
    assert enough.wait(10)
    began = time.monotonic()
    made.stop()
    assert time.monotonic() - began < 10
