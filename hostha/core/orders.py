"""What an operator may order for a host, and the event that the machine makes of it."""

from collections.abc import Mapping

from hostha.core.model import Happening, Proof
from hostha.core.states import Event

ACTIONS: Mapping[str, Event] = {
    'maintenance': Event.MAINTENANCE_STARTED, 'resume': Event.MAINTENANCE_ENDED, 'confirm-off': Event.OFF_CONFIRMED,
    'retry': Event.RETRY_ORDERED, 'reset': Event.RESET_ORDERED}

OF_ONE_INCIDENT = (Event.OFF_CONFIRMED, Event.RETRY_ORDERED, Event.RESET_ORDERED)
"""What was meant for the incident of its time, and for no later one: above all, an operator's word that a host is off."""


def happening(action: str, reason: str, by: str, epoch: int, ordered_at: float) -> Happening:
    """The event that an order is. ``confirm-off`` makes the operator's word the proof. epoch: of the host when it was ordered.
    ordered_at: wall seconds."""
    event = ACTIONS[action]
    proof = Proof('operator', f'{by}: {reason}', ordered_at) if event is Event.OFF_CONFIRMED else None
    return Happening(event, f'ordered by {by}: {reason}', epoch=epoch if event in OF_ONE_INCIDENT else None, proof=proof, by=by)
