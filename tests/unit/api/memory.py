"""A registry and a history in plain dictionaries, with the semantics that ports.py demands; and a clock that stands still."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from threading import Lock

from hostha.core.book import Entry
from hostha.core.model import HostRecord, HostSpec, LevelSpec
from hostha.core.states import State
from hostha.exceptions import Conflict, NotFound, StoreUnavailable
from hostha.ports import Incident, Order, OrderRecord, RegisteredHost, Transition

NOW = 1_700_000_000.0


class StillClock:
    """Wall time is always NOW."""

    instance = 'still'

    def time(self) -> float:
        return NOW

    def monotonic(self) -> float:
        return 0.0

    def wait(self, wakeup, timeout: float) -> None:
        raise AssertionError('the API never waits')


class MemoryRegistry:
    """ports.Registry. ``down``: whether the database does not answer. ``orders``: those noted."""

    def __init__(self) -> None:
        self.down = False
        self.orders: list[Order] = []
        self._hosts: dict[str, RegisteredHost] = {}
        self._lock = Lock()

    def hosts(self) -> Sequence[RegisteredHost]:
        self._answer()
        return [self._hosts[name] for name in sorted(self._hosts)]

    def host(self, name: str) -> RegisteredHost:
        self._answer()
        if name not in self._hosts:
            raise NotFound(f'there is no host {name}')
        return self._hosts[name]

    def create(self, spec: HostSpec) -> RegisteredHost:
        self._answer()
        with self._lock:
            if spec.name in self._hosts:
                raise Conflict(f'there is a host {spec.name} already')
            self._hosts[spec.name] = RegisteredHost(spec, HostRecord(spec.name, since=NOW))
        return self._hosts[spec.name]

    def update(self, name: str, *, ha_enabled: bool | None = None, addresses: Mapping[str, str] | None = None,
               fencing: Sequence[LevelSpec] | None = None) -> RegisteredHost:
        with self._lock:
            found = self.host(name)
            columns = {'ha_enabled': ha_enabled, 'addresses': addresses, 'fencing': None if fencing is None else tuple(fencing)}
            given = {column: value for column, value in columns.items() if value is not None}
            self._hosts[name] = replace(found, spec=replace(found.spec, **given))
        return self._hosts[name]

    def delete(self, name: str) -> None:
        state = self.host(name).record.state
        if state not in (State.ACTIVE, State.MAINTENANCE, State.ERROR):
            raise Conflict(f'host {name} is {state}')
        del self._hosts[name]

    def order(self, host: str, action: str, reason: str, by: str) -> Order:
        epoch = self.host(host).record.epoch
        self.orders.append(Order(len(self.orders) + 1, host, action, reason, by, epoch, 0.0))
        return self.orders[-1]

    def stands(self, name: str, **changes) -> None:
        """Put a host into another state, as an engine would."""
        found = self.host(name)
        self._hosts[name] = replace(found, record=replace(found.record, **changes))

    def _answer(self) -> None:
        if self.down:
            raise StoreUnavailable('mysql+pymysql://hostha:hunter2@db does not answer')


class MemoryHistory:
    """ports.History over lists that the tests fill. ``fault``: an error that every call raises."""

    def __init__(self) -> None:
        self.fault: Exception | None = None
        self.all: list[Incident] = []
        self.rows: list[Transition] = []
        self.book: list[Entry] = []
        self.holders: list[tuple[str, float]] = []
        self.given: list[OrderRecord] = []

    def incidents(self, *, host: str | None = None, open_only: bool = False, limit: int = 100,
                  marker: str | None = None) -> Sequence[Incident]:
        self._answer()
        newest = sorted(self.all, key=lambda one: one.opened_at, reverse=True)
        if marker is not None:
            newest = newest[newest.index(self.incident(marker)) + 1:]
        return [one for one in newest if host in (None, one.host) and not (open_only and one.closed_at is not None)][:limit]

    def incident(self, incident: str) -> Incident:
        self._answer()
        for one in self.all:
            if one.id == incident:
                return one
        raise NotFound(f'there is no incident {incident}')

    def transitions(self, incident: str) -> Sequence[Transition]:
        self._answer()
        return [row for row in self.rows if row.incident == incident]

    def entries(self, incident: str) -> Sequence[Entry]:
        self._answer()
        return [entry for entry in self.book if entry.incident == incident]

    def engines(self) -> Sequence[tuple[str, float]]:
        self._answer()
        return self.holders

    def orders(self, *, host: str | None = None, limit: int = 100) -> Sequence[OrderRecord]:
        self._answer()
        return [order for order in reversed(self.given) if host in (None, order.host)][:limit]

    def order(self, order: int) -> OrderRecord:
        self._answer()
        for one in self.given:
            if one.id == order:
                return one
        raise NotFound(f'there is no order {order}')

    def _answer(self) -> None:
        if self.fault:
            raise self.fault
