"""Takes events to the machine and carries out what it decides: persist first, then act."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from oslo_log import log

from hostha.core import brakes
from hostha.core.machine import step
from hostha.core.model import Decision, Happening, HostRecord, HostSpec, LevelSpec
from hostha.core.states import Command, Event, State
from hostha.engine.loop import Loop, Workers
from hostha.engine.observer import Observer
from hostha.engine.plans import Planner
from hostha.engine.runner import FlowRunner, Slot
from hostha.exceptions import NotFound, StaleOwner, StoreUnavailable
from hostha.flows.context import Context
from hostha.flows.tools import Tools
from hostha.ports import Agents, Book, Clock, Compute, Fencer, Job, Leases, Liveness, Notifier, Servers, Store
from hostha.settings import Settings

LOG = log.getLogger(__name__)

RESUME_AFTER = 1.0
"""Seconds after which work that the database put off is taken up again."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything outside that an engine works with. backend: the TaskFlow persistence, in the same database as the store."""

    clock: Clock
    liveness: Liveness
    compute: Compute
    servers: Servers
    fencers: dict[str, Fencer]
    agents: Agents
    store: Store
    book: Book
    leases: Leases
    notifier: Notifier
    backend: Any


@dataclass(slots=True)
class Hosts:
    """This engine's snapshot of all hosts: what tasks may ask about them (flows.tools.Ledger)."""

    default_levels: tuple[LevelSpec, ...]
    specs: dict[str, HostSpec] = field(default_factory=dict)
    records: dict[str, HostRecord] = field(default_factory=dict)

    def levels(self, host: str) -> Sequence[LevelSpec]:
        """The fencing levels of a host: its own, or those of the configuration."""
        spec = self.specs.get(host)
        return spec.fencing if spec and spec.fencing else self.default_levels

    def dead(self) -> Collection[str]:
        """The hosts that are proven off and marked down in Nova."""
        return {record.name for record in self.records.values() if record.marked_down and record.proof}


class Conductor:
    """The incidents of this engine. All methods are for the driver thread."""

    def __init__(self, settings: Settings, ports: Ports, loop: Loop, workers: Workers, observer: Observer) -> None:
        self._settings, self._ports, self._loop = settings, ports, loop
        self._name = settings.engine.name
        self.hosts = Hosts(settings.recovery.levels)
        self.jobs: dict[str, Job] = {}
        self.stopping = self._clearing = False
        self.runner = FlowRunner(loop, workers, ports.clock, ports.backend, self._ended)
        self._planner = Planner(settings.judgement, settings.recovery, self.hosts.levels, ports.book.entries)
        self._tools = Tools(ports.clock, observer, self.hosts, ports.compute, ports.servers, ports.fencers, ports.agents,
                            ports.book, ports.leases)

    def refresh(self) -> None:
        """Read all hosts anew."""
        self.hosts.specs = {spec.name: spec for spec in self._ports.store.specs()}
        self.hosts.records = {record.name: record for record in self._ports.store.records()}

    def apply(self, host: str, happening: Happening, order: int | None = None) -> Decision | None:
        """Take an event to the machine. order: the operator's order that it carries out. None if somebody else has changed the host
        meanwhile: then nothing was changed here. StoreUnavailable: it may have been stored, so the host is looked at again later."""
        store, now = self._ports.store, self._ports.clock.time()
        before = store.record(host)
        decision = step(before, happening, now, self._settings.judgement.check_interval)
        if not decision.applied:
            LOG.debug('host=%s event=%s state=%s ignored: %s', host, happening.event, before.state, decision.why)
            return decision
        flow = self._planner.plan(decision.record, decision.command, now + decision.delay) if decision.command else None
        try:
            after, job = store.commit(decision, self.jobs.get(host), flow, self._name, order)
        except StoreUnavailable:
            self.runner.drop_host(host)
            self._resume_later(host)
            raise
        except StaleOwner as error:
            # of several engines that see the same loss one opens the incident; only who believed to hold it is surprised
            LOG.log(logging.WARNING if host in self.jobs else logging.DEBUG, 'host=%s event=%s refused: %s', host, happening.event, error)
            self.forget(host)
            return None
        self._carry_out(decision, after, job)
        return decision

    def _carry_out(self, decision: Decision, after: HostRecord, job: Job | None) -> None:
        host = after.name
        self.runner.drop_host(host)
        self.hosts.records[host] = after
        if job is None or decision.closed:
            self.jobs.pop(host, None)
        else:
            self.jobs[host] = job
        self._ports.notifier.transition(replace(decision, record=after))
        if after.flow and job:
            self._run(after, job)
        if State.FENCED in (after.state, decision.before.state) and not self._clearing:
            self._clearing = True
            self._loop.soon(self.clear_evacuations)

    def clear_evacuations(self) -> None:
        """Start the evacuations that no dead host stands in the way of."""
        self._clearing = False
        due, awaited = brakes.evacuation_due(self._ports.store.records(), self._ports.clock.time())
        for host in due:
            if host in self.jobs:
                self.apply(host, Happening(Event.EVACUATION_CLEARED, 'every host that is known to be dead is marked down in Nova'))
        if awaited and any(record.state is State.FENCED for record in self.hosts.records.values()):
            LOG.debug('evacuation waits for: %s', ', '.join(awaited))

    def take(self, job: Job) -> None:
        """Go on with an incident that was claimed: from its flow, or waiting where it waits."""
        self.forget(job.host)
        self.jobs[job.host] = job
        LOG.info('host=%s incident=%s taken over by %s, claim %d', job.host, job.incident, self._name, job.token)
        if job.claims > self._settings.engine.max_claims:
            self._give_up(job)
        else:
            self._loop.soon(lambda: self._resume(job.host))

    def _give_up(self, job: Job) -> None:
        """Whatever this incident's flow does to its engines, it shall not do it to another one. One that only waits is no such case."""
        try:
            record = self._ports.store.record(job.host)
            if record.flow:
                reason = f'claimed {job.claims} times without any progress: its engines died or lost it each time'
                self.apply(job.host, Happening(Event.FLOW_FAILED, reason, epoch=record.epoch, flow=record.flow))
        except StoreUnavailable:
            self.forget(job.host)  # not renewed, it is claimed anew
            raise

    def forget(self, host: str) -> None:
        """The incident is no longer ours."""
        self.jobs.pop(host, None)
        self.runner.drop_host(host)

    def lose(self, jobs: Collection[Job]) -> None:
        """Forget the incidents of these jobs: their leases are lost. A job that closed, or was claimed anew meanwhile, is none of them."""
        for job in jobs:
            mine = self.jobs.get(job.host)
            if mine is not None and (mine.incident, mine.token) == (job.incident, job.token):
                LOG.warning('host=%s incident=%s: the lease is lost', job.host, job.incident)
                self.forget(job.host)

    def _run(self, record: HostRecord, job: Job) -> None:
        context = Context(self._tools, self._name, record.name, record.epoch, str(record.incident), job)
        # checks first: the brakes of every other host count on their verdicts
        self.runner.start(context, str(record.flow), urgent=record.command is Command.CHECK)

    def _ended(self, slot: Slot, happening: Happening | None) -> None:
        host = slot.context.host
        if happening is None:
            self._resume_later(host)
            return
        try:
            self.apply(host, happening)
        except StoreUnavailable as error:
            LOG.warning('host=%s event=%s cannot be stored now: %s', host, happening.event, error)
            self._resume_later(host)
        except Exception:
            LOG.exception('host=%s event=%s: unexpected error; it is told again', host, happening.event)
            self._resume_later(host)

    def _resume_later(self, host: str) -> None:
        if not self.stopping and host in self.jobs:
            self._loop.after(RESUME_AFTER, lambda: self._resume(host))

    def _resume(self, host: str) -> None:
        job = self.jobs.get(host)
        if job is None or self.stopping:
            return
        try:
            record = self._ports.store.record(host)
        except StoreUnavailable:
            self._resume_later(host)
        except NotFound:
            self.forget(host)
        else:
            self.hosts.records[host] = record
            if record.incident == job.incident and record.flow:
                self._run(record, job)
