"""Many TaskFlow flows on one driver thread.

Each flow's engine is advanced with run_iter(timeout=0); between its tasks it is parked and costs no thread. The executor that TaskFlow
is given holds a task back until it is due, asks a task again that answered NotYet, and hands everything else to the shared workers.
"""

import concurrent.futures
import threading
from collections.abc import Callable, Iterator
from typing import Any

from oslo_log import log
from taskflow import engines, states
from taskflow import exceptions as taskflow_exceptions
from taskflow.types.failure import Failure

from hostha.core.model import Happening
from hostha.core.states import Event
from hostha.engine.loop import Loop, Workers
from hostha.exceptions import StaleOwner, StoreUnavailable
from hostha.flows.base import NotYet, to_happening
from hostha.flows.context import Context
from hostha.ports import Clock

LOG = log.getLogger(__name__)

OnEnd = Callable[['Slot', Happening | None], None]
PUT_OFF = 1.0
"""Seconds after which a task that the database put off is asked again: that is no failed try of what it does."""

ENDED = (states.SUCCESS, states.REVERTED, states.FAILURE)


class Slot:
    """One flow in flight."""

    def __init__(self, context: Context, flow: str, urgent: bool) -> None:
        self.context, self.flow, self.urgent = context, flow, urgent
        self.engine: Any = None
        self.states: Iterator[str] | None = None
        self.lock = threading.Lock()
        self.dirty = self.parked = self.dropped = self.broken = self.halted = False
        self.waiting: set[_Held] = set()


class _Backend:
    """TaskFlow's view of the store: deaf once the flow is dropped, so that a stale owner writes nothing.

    After a failed write TaskFlow would note the flow as failed, if it could, and a flow that failed is never resumed: not noted.
    """

    def __init__(self, backend: Any, slot: Slot) -> None:
        self._backend, self._slot = backend, slot

    def get_connection(self) -> '_Connection':
        return _Connection(self._backend.get_connection(), self._slot)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)


class _Connection:
    def __init__(self, connection: Any, slot: Slot) -> None:
        self._connection, self._slot = connection, slot

    def close(self) -> None:
        """The connection is shared and stays open."""

    def update_flow_details(self, detail: Any) -> Any:
        deaf = self._slot.dropped or (self._slot.broken and detail.state == states.FAILURE)
        return detail if deaf else self._write(self._connection.update_flow_details, detail)

    def update_atom_details(self, detail: Any) -> Any:
        return detail if self._slot.dropped else self._write(self._connection.update_atom_details, detail)

    def _write(self, write: Callable[[Any], Any], detail: Any) -> Any:
        self._slot.broken = True
        stored = write(detail)
        self._slot.broken = False
        return stored

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


class _Held(concurrent.futures.Future[Any]):
    """The future of one task. It cannot be cancelled while its call is under way, but between two calls of a task that answered NotYet."""

    def __init__(self) -> None:
        super().__init__()
        self._calling = threading.Lock()

    def cancel(self) -> bool:
        if not self._calling.acquire(blocking=False):
            return False
        try:
            if self.cancelled():
                return True
            # notified at once: TaskFlow goes on waiting for a future that is merely cancelled
            return super().cancel() and not self.set_running_or_notify_cancel()
        finally:
            self._calling.release()

    def call(self, call: Callable[[], Any]) -> Any:
        """The result of ``call``; None if this future was cancelled before."""
        with self._calling:
            return None if self.cancelled() else call()


class _Executor(concurrent.futures.Executor):
    """What one flow's TaskFlow engine submits its tasks to. No threads of its own."""

    def __init__(self, runner: 'FlowRunner', slot: Slot) -> None:
        self._runner, self._slot = runner, slot

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> concurrent.futures.Future[Any]:
        future = _Held()
        future.add_done_callback(lambda _: self._runner.wake(self._slot))
        task, arguments = args[0], args[1]
        delay = task.start_delay(arguments) if fn.__name__ == '_execute_task' else 0.0
        self._hold(delay, future, lambda: fn(*args, **kwargs))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Nothing to shut down."""

    def _hold(self, delay: float, future: _Held, call: Callable[[], Any]) -> None:
        self._slot.waiting.add(future)
        if delay > 0:
            self._runner.loop.after(delay, lambda: self._start(future, call))
        else:
            self._start(future, call)

    def _start(self, future: _Held, call: Callable[[], Any]) -> None:
        if not future.cancelled() and not self._slot.dropped:
            self._runner.workers.submit(lambda: self._run(future, call))

    def _run(self, future: _Held, call: Callable[[], Any]) -> None:
        outcome = None if self._slot.dropped else future.call(call)
        if outcome is None:
            return
        result = outcome[1]
        if isinstance(result, NotYet):
            self._runner.loop.soon(lambda: self._ask_later(result.seconds, future, call))
        elif isinstance(result, Failure) and result.check(StoreUnavailable):
            LOG.warning('host=%s put off: %s', self._slot.context.host, result.exception_str)
            self._runner.loop.soon(lambda: self._ask_later(PUT_OFF, future, call))
        elif isinstance(result, Failure) and result.check(StaleOwner):
            LOG.warning('%s', result.exception_str)
            self._runner.loop.soon(lambda: self._runner.lose(self._slot))
        else:
            self._finish(future, outcome)

    def _ask_later(self, seconds: float, future: _Held, call: Callable[[], Any]) -> None:
        if self._slot.halted:
            future.cancel()
        else:
            self._hold(seconds, future, call)

    def _finish(self, future: _Held, outcome: Any) -> None:
        self._slot.waiting.discard(future)
        if future.set_running_or_notify_cancel():
            future.set_result(outcome)


class FlowRunner:
    """Starts, resumes and drops flows. All methods but wake() are for the driver thread."""

    def __init__(self, loop: Loop, workers: Workers, clock: Clock, backend: Any, on_end: OnEnd) -> None:
        self.loop, self.workers = loop, workers
        self._clock, self._backend, self._on_end = clock, backend, on_end
        self._slots: dict[str, Slot] = {}

    def __len__(self) -> int:
        return len(self._slots)

    def start(self, context: Context, flow: str, urgent: bool = False) -> None:
        """Run the persisted flow of this id from where it stands; ``on_end`` is told its outcome, or None if it is to be resumed later.
        urgent: it goes before the others."""
        if flow in self._slots:
            return
        slot = self._slots[flow] = Slot(context, flow, urgent)
        self._guard(slot, lambda: self._load(slot))

    def drop(self, slot: Slot) -> None:
        """Forget a flow that is no longer ours: nothing is reverted, and nothing more of it is written."""
        if self._remove(slot):
            slot.dropped = True
            slot.context.close()
            self._halt(slot)

    def lose(self, slot: Slot) -> None:
        """drop() a flow whose claim was not good enough for an act; ``on_end`` is told to resume it, should the claim hold after all."""
        if not slot.dropped:
            self.drop(slot)
            self._on_end(slot, None)

    def _remove(self, slot: Slot) -> bool:
        """Whether it was still in flight: another slot may run the same flow by now."""
        mine = self._slots.get(slot.flow) is slot
        if mine:
            del self._slots[slot.flow]
        return mine

    def drop_host(self, host: str) -> None:
        """drop() whatever runs for this host."""
        for slot in [slot for slot in self._slots.values() if slot.context.host == host]:
            self.drop(slot)

    def drop_all(self) -> None:
        """Leave every flow as it stands in the store, to be resumed by this engine or another.

        TaskFlow's own suspension is not used: a flow that is suspended while its last task waits is noted as reverted (6.5), and would
        start from the beginning.
        """
        for slot in list(self._slots.values()):
            self.drop(slot)
            if slot.states is not None:
                self._guard(slot, lambda slot=slot: self._advance(slot))  # type: ignore[misc]

    def wake(self, slot: Slot) -> None:
        """Something of this flow has finished. From any thread."""
        with slot.lock:
            slot.dirty = True
            if slot.parked:
                slot.parked = False
                self.loop.soon(lambda: self._guard(slot, lambda: self._advance(slot)), slot.urgent)

    def _load(self, slot: Slot) -> None:
        detail = self._backend.get_connection().get_flow_details(slot.flow)
        slot.engine = engines.load_from_detail(detail, backend=_Backend(self._backend, slot), engine='parallel',
                                               executor=_Executor(self, slot), defer_reverts=True)
        slot.engine.compile()
        atoms = [node for node in slot.engine.compilation.execution_graph if hasattr(node, 'execute')]
        if detail.state in ENDED:
            slot.engine.storage.ensure_atoms(atoms)
            self._end(slot, None)
            return
        for atom in atoms:
            atom.context = slot.context
        wait = min(max(detail.meta.get('not_before', 0.0) - self._clock.time(), 0.0), 600.0)
        if wait:
            self.loop.after(wait, lambda: self._guard(slot, lambda: self._advance(slot)))
        else:
            self._advance(slot)

    def _halt(self, slot: Slot) -> None:
        """Let TaskFlow end the flow's run: tasks that wait are cancelled, tasks that run are let end."""
        if slot.states is None:
            return
        slot.halted = True
        slot.engine.suspend()
        for future in list(slot.waiting):
            future.cancel()
        self.wake(slot)

    def _advance(self, slot: Slot) -> None:
        """Run one flow until it waits. A retry controller finishes without a word as soon as it is scheduled, hence one more look at what
        has finished after each scheduling before the flow is parked."""
        if slot.states is None:
            if slot.dropped or self._slots.get(slot.flow) is not slot:
                return
            slot.states = slot.engine.run_iter(timeout=0)
        idle = 0
        for state in slot.states:
            if state == states.SCHEDULING:
                idle = 0
            if state != states.WAITING:
                continue
            with slot.lock:
                if slot.dirty:
                    slot.dirty, idle = False, 0
                elif idle >= 1:
                    slot.parked = True
                    return
            idle += 1
        self._end(slot, None)

    def _guard(self, slot: Slot, work: Callable[[], None]) -> None:
        try:
            work()
        except taskflow_exceptions.StorageFailure as error:
            if self._remove(slot):
                slot.dropped = True
                slot.context.close()
                LOG.warning('flow %s of host %s is resumed later: %s', slot.flow, slot.context.host, error)
                self._on_end(slot, None)
        except Exception as error:  # noqa: BLE001 - whatever a task raised comes out here; it is an outcome like any other
            self._end(slot, error)

    def _end(self, slot: Slot, error: Exception | None) -> None:
        if not self._remove(slot):
            return
        try:
            happening = self._outcome(slot, error)
        except Exception as broken:
            LOG.exception('flow %s of host %s: its outcome cannot be read', slot.flow, slot.context.host)
            happening = _failed(slot, f'its outcome cannot be read: {broken}')
        self._on_end(slot, happening)

    @staticmethod
    def _outcome(slot: Slot, error: Exception | None) -> Happening | None:
        state = slot.engine.storage.get_flow_state() if slot.engine else states.FAILURE
        if error is None and state == states.SUCCESS:
            return to_happening(slot.engine.storage.fetch('outcome'), slot.context.epoch, slot.flow)
        if error is None and state not in ENDED:
            return None
        reason = f'{type(error).__name__}: {error}' if error else f'the flow ended as {state}'
        LOG.error('flow %s of host %s failed: %s', slot.flow, slot.context.host, reason)
        return _failed(slot, reason)


def _failed(slot: Slot, reason: str) -> Happening:
    return Happening(Event.FLOW_FAILED, reason, epoch=slot.context.epoch, flow=slot.flow)
