"""The level that waits for a person."""

from hostha.core.model import Power
from hostha.ports import FenceOrder


class Operator:
    """Does nothing and knows nothing: the proof is an operator's, and comes through the API as confirm-off."""

    def off(self, order: FenceOrder) -> None:
        """There is nothing to ask."""

    def power(self, order: FenceOrder) -> Power:  # noqa: ARG002
        """UNKNOWN, always."""
        return Power.UNKNOWN

    def describe(self, order: FenceOrder) -> str:
        """What is waited for."""
        return f'an operator has to confirm that {order.host} is off'
