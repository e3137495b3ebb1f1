"""One engine: what it does when."""

import threading
from collections.abc import Callable

from oslo_log import log

from hostha.core import orders
from hostha.core.model import HostRecord
from hostha.core.watch import disproven, noticed, undecided
from hostha.engine.conductor import Conductor, Ports
from hostha.engine.keeper import Keeper
from hostha.engine.loop import Loop, Workers
from hostha.engine.observer import Observer
from hostha.exceptions import NotFound, StoreUnavailable
from hostha.ports import Order
from hostha.settings import Settings

__all__ = ['Engine', 'Ports']

LOG = log.getLogger(__name__)


class Engine:
    """Watches all hosts, and works on the incidents that it holds.

    ``inline``: no thread at all; whoever owns the engine calls run_once() again and again (the simulator, on virtual time).
    """

    CLAIM_EVERY = 1.0
    ORDERS_EVERY = 1.0
    STOP_WITHIN = 60.0
    THROTTLE = 0.3

    def __init__(self, settings: Settings, ports: Ports, inline: bool = False) -> None:
        self._settings, self._ports, self._name = settings, ports, settings.engine.name
        self.loop = Loop(ports.clock)
        self._workers = Workers(self.loop, settings.engine.workers, inline)
        self.observer = Observer(ports.liveness, ports.store, ports.clock, settings.judgement)
        self.conductor = Conductor(settings, ports, self.loop, self._workers, self.observer)
        self._keeper = Keeper(ports.leases, ports.clock, self._name, settings.engine.lease,
                              lambda: list(self.conductor.jobs.values()), lambda jobs: self.loop.soon(lambda: self.conductor.lose(jobs)))
        self._inline = inline
        self._looking = self._look_again = self._observed = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin: observe before anything is claimed."""
        self._ports.liveness.start(lambda: self.loop.soon(self._observe))
        self.loop.every(self._settings.judgement.check_interval, self._observe)
        if self._inline:
            self.loop.every(self._keeper.interval, self._keeper.renew)
        else:
            self._keeper.start()
        self.loop.every(self.CLAIM_EVERY, self._guarded(self._claim))
        self.loop.every(self.ORDERS_EVERY, self._guarded(self._obey))
        LOG.info('engine %s started', self._name)

    def run(self) -> None:
        """Work in the calling thread until stop()."""
        self.loop.run()

    def run_once(self) -> float | None:
        """Do all that is due now; returns when the next thing is due, monotonic seconds, or None."""
        return self.loop.run_once()

    def run_in_thread(self) -> None:
        """Work in a thread of its own until stop()."""
        self._thread = threading.Thread(target=self.run, name='driver', daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End gracefully: flows stay where they stand, and the incidents are given back at once. From any thread."""
        done = threading.Event()
        self.loop.soon(lambda: self._finish(done))
        if self._thread is None:
            return
        done.wait(self.STOP_WITHIN)
        self._thread.join(self.STOP_WITHIN)

    def abandon(self) -> None:
        """End as after a crash: nothing more is written, nothing is given back."""
        self.conductor.stopping = True
        self.conductor.runner.drop_all()
        self.loop.stop()

    def _finish(self, done: threading.Event) -> None:
        """Leave all flows as they stand, let calls under way end, and only then let go of the incidents."""
        self.conductor.stopping = True
        self.conductor.runner.drop_all()
        self._workers.stop()
        self._keeper.stop()
        self._guarded(lambda: self._ports.leases.release(self._name))()
        self._ports.liveness.stop()
        self.loop.stop()
        LOG.info('engine %s stopped', self._name)
        done.set()

    def _guarded(self, work: Callable[[], None]) -> Callable[[], None]:
        """``work`` that is repeated anyway: a database that does not answer only puts it off."""
        def guarded() -> None:
            try:
                work()
            except StoreUnavailable as error:
                LOG.warning('put off: %s', error)
        return guarded

    def _observe(self) -> None:
        if self.conductor.stopping:
            return
        if self._looking:
            self._look_again = True
            return
        self._looking = True
        self._workers.submit(self._look)

    def _look(self) -> None:
        try:
            self.observer.refresh(self.THROTTLE)
        finally:
            self.loop.soon(self._looked)

    def _looked(self) -> None:
        try:
            self._guarded(self._judge)()
        finally:
            self._looking = False
            if self._look_again:
                self._look_again = False
                self.loop.after(self.THROTTLE, self._observe)

    def _judge(self) -> None:
        """Tell the machine what is seen of each host that no other engine works on: one snapshot of all."""
        conductor = self.conductor
        conductor.refresh()
        if self.observer.watch(self._watched()):
            self._look_again = True
            return
        self._observed = True
        views = self.observer.views()
        verdicts, now = self.observer.verdicts(views), self._ports.clock.time()
        for host, seen in verdicts.items():
            record = conductor.hosts.records.get(host)
            if record is None or not self._ours(record):
                continue
            happening = noticed(record, views[host], seen, now)
            if happening:
                conductor.apply(host, happening)
        conductor.clear_evacuations()

    def _notice(self, host: str) -> None:
        """Tell the machine what is seen of a host that was just claimed, before its flow goes on: it may have come back meanwhile."""
        view = self.observer.views().get(host)
        if view is None or host not in self.conductor.jobs:
            return
        record, seen = self._ports.store.record(host), self.observer.verdicts({host: view})[host]
        happening = noticed(record, view, seen, self._ports.clock.time())
        if happening:
            self.conductor.apply(host, happening)

    def _ours(self, record: HostRecord) -> bool:
        """Whether this engine is to tell the machine what it sees of a host: an open incident is its holder's business."""
        if record.incident is None:
            spec = self.conductor.hosts.specs.get(record.name)
            return spec is not None and spec.ha_enabled
        return record.name in self.conductor.jobs

    def _watched(self) -> tuple[str, ...]:
        """The hosts that are protected, and those whose incident has to be brought to its end."""
        specs, records = self.conductor.hosts.specs, self.conductor.hosts.records
        return tuple(sorted(name for name in specs.keys() & records.keys() if specs[name].ha_enabled or records[name].incident))

    def _claim(self) -> None:
        """Nothing is claimed before the hosts were observed: what is claimed is acted on."""
        if not self._observed:
            return
        free = self._settings.engine.max_incidents - len(self.conductor.jobs)
        if free > 0 and not self.conductor.stopping:
            for job in self._ports.leases.claim(self._name, free):
                self.conductor.take(job)
                self._notice(job.host)

    def _obey(self) -> None:
        """Carry out what operators ordered. Orders for one host stay in order: one that has to wait holds up those behind it."""
        waiting: set[str] = set()
        for order in self._ports.store.orders():
            if order.host not in waiting and not self._carry_out(order):
                waiting.add(order.host)

    def _carry_out(self, order: Order) -> bool:
        """Whether the order is done with. One for a host with an open incident is the business of the engine that holds it."""
        conductor, store = self.conductor, self._ports.store
        if order.action not in orders.ACTIONS:
            store.close_order(order.id, f'not done: there is no action {order.action}')
            return True
        try:
            record = store.record(order.host)
        except NotFound as error:
            store.close_order(order.id, str(error))
            return True
        if record.incident is not None and order.host not in conductor.jobs:
            return False
        happening = orders.happening(order.action, order.reason, order.by, order.epoch, order.ordered_at)
        view, now = self.observer.views().get(order.host), self._ports.clock.time()
        if undecided(happening, view, now):
            return False
        wrong = disproven(happening, view, now)
        if wrong:
            store.close_order(order.id, f'not done: {wrong}')
            return True
        decision = conductor.apply(order.host, happening, order.id)
        if decision is not None and not decision.applied:
            store.close_order(order.id, f'not done: {decision.why}')
        return decision is not None
