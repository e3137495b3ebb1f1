"""Asking the agent on the host to power it off, by a Consul event over any network that is still up."""

from collections.abc import Mapping
from dataclasses import replace

from oslo_log import log as logging

from hostha.core.fencing import prover
from hostha.core.model import Power
from hostha.exceptions import Refused
from hostha.ports import Agents, FenceOrder, Fencer

LOG = logging.getLogger(__name__)


class ConsulFence:
    """The softest way: the guests are ended in good order. Nobody tells whether the event arrived: what proves that the host went off is
    the first later level of the host that can read its power.

    power: the fencers that can read power, by level.
    """

    def __init__(self, agents: Agents, power: Mapping[str, Fencer]) -> None:
        self._agents, self._power = agents, power

    def off(self, order: FenceOrder) -> None:
        """Send the event. Refused if no later level could prove anything: to power a host off without ever knowing it helps nobody.
        Unavailable if no network took it."""
        if prover(order.later) is None:
            raise Refused('no later level can prove that the host goes off', driver='consul', operation='fence', host=order.host)
        networks = self._agents.send('fence', order.host, order.epoch)
        LOG.info('host %s: fence event of epoch %s sent over %s', order.host, order.epoch, ', '.join(networks))

    def power(self, order: FenceOrder) -> Power:
        """What the proving level reads; UNKNOWN without one."""
        proving = _proving(order)
        return self._power[proving.spec.level].power(proving) if proving else Power.UNKNOWN

    def describe(self, order: FenceOrder) -> str:
        """The event, and who proves."""
        proving = _proving(order)
        by = self._power[proving.spec.level].describe(proving) if proving else 'nobody'
        return f'Consul event fence to {order.host}, epoch {order.epoch}; power read by {by}'


def _proving(order: FenceOrder) -> FenceOrder | None:
    spec = prover(order.later)
    return replace(order, spec=spec, later=()) if spec else None
