"""How things look from outside: domain data to JSON. Times are ISO 8601 in UTC, null for never. Secrets are named, never shown."""

from datetime import UTC, datetime
from typing import Any

from hostha.core.book import Entry
from hostha.core.machine import acceptable
from hostha.core.model import LevelSpec, Proof
from hostha.core.orders import ACTIONS
from hostha.core.states import State
from hostha.ports import Incident, Order, OrderRecord, RegisteredHost, Transition


def moment(at: float | None) -> str | None:
    """Wall seconds as ISO 8601 in UTC, to the millisecond; None for None and 0, which mean never."""
    if not at:
        return None
    return datetime.fromtimestamp(at, UTC).isoformat(timespec='milliseconds').replace('+00:00', 'Z')


def host(registered: RegisteredHost) -> dict[str, Any]:
    """A host as entered, as it stands, and the orders that it would take now."""
    spec, record = registered.spec, registered.record
    return {
        'name': spec.name, 'ha_enabled': spec.ha_enabled, 'addresses': dict(spec.addresses),
        'fencing': [_level(level) for level in spec.fencing],
        'state': record.state, 'since': moment(record.since), 'reason': record.reason,
        'epoch': record.epoch, 'incident': record.incident, 'pattern': record.pattern, 'response': record.response,
        'command': record.command, 'proof': _proof(record.proof),
        'out_of_service': record.out_of_service, 'marked_down': record.marked_down,
        'actions': actions(record.state)}


def actions(state: State) -> list[str]:
    """The orders that a host in this state takes."""
    return [action for action, event in ACTIONS.items() if acceptable(state, event)]


def _level(level: LevelSpec) -> dict[str, Any]:
    return {'level': level.level, 'options': dict(level.options), 'secret_names': sorted(level.secrets)}


def _proof(proof: Proof | None) -> dict[str, Any] | None:
    return None if proof is None else {'level': proof.level, 'evidence': proof.evidence, 'at': moment(proof.at)}


def noted(order: Order) -> dict[str, Any]:
    """An operator's order as it was given."""
    return {'id': order.id, 'host': order.host, 'action': order.action, 'reason': order.reason, 'by': order.by}


def order(record: OrderRecord) -> dict[str, Any]:
    """An operator's order and what became of it."""
    return noted(record) | {'ordered_at': moment(record.ordered_at), 'closed_at': moment(record.closed_at), 'result': record.result}


def incident(one: Incident, now: float) -> dict[str, Any]:
    """An incident. duration: seconds, up to ``now`` (wall seconds) while it is open."""
    end = now if one.closed_at is None else one.closed_at
    return {
        'id': one.id, 'host': one.host, 'epoch': one.epoch, 'open': one.closed_at is None,
        'opened_at': moment(one.opened_at), 'closed_at': moment(one.closed_at), 'duration': round(max(end - one.opened_at, 0.0), 3),
        'reason': one.reason, 'outcome': one.outcome}


def transition(row: Transition) -> dict[str, Any]:
    """One row of the audit."""
    return {
        'id': row.id, 'at': moment(row.at), 'host': row.host, 'incident': row.incident, 'epoch': row.epoch,
        'from': row.before, 'event': row.event, 'to': row.after, 'why': row.why, 'reason': row.reason,
        'engine': row.engine, 'by': row.by}


def server(entry: Entry) -> dict[str, Any]:
    """One server on the book."""
    return {
        'id': entry.server, 'name': entry.name, 'phase': entry.phase, 'reason': entry.reason,
        'former_state': entry.former_state, 'source': entry.source, 'destination': entry.destination or None,
        'attempts': entry.attempts, 'started_at': moment(entry.started_at), 'ordered_at': moment(entry.ordered_at),
        'ended_at': moment(entry.ended_at)}
