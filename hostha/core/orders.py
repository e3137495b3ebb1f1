"""What an operator may order for a host, and the event that the machine makes of it."""

from collections.abc import Mapping

from hostha.core.model import Happening, Proof
from hostha.core.states import Event

ACTIONS: Mapping[str, Event] = {
    'maintenance': Event.MAINTENANCE_STARTED, 'resume': Event.MAINTENANCE_ENDED, 'confirm-off': Event.OFF_CONFIRMED,
    'retry': Event.RETRY_ORDERED, 'reset': Event.RESET_ORDERED}


def happening(action: str, reason: str, by: str, now: float) -> Happening:
    """The event that an order is. ``confirm-off`` makes the operator's word the proof. ``now``: wall seconds."""
    event = ACTIONS[action]
    proof = Proof('operator', f'{by}: {reason}', now) if event is Event.OFF_CONFIRMED else None
    return Happening(event, f'ordered by {by}: {reason}', proof=proof, by=by)
