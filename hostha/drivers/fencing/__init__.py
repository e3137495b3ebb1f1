"""The ways to make sure that a host is off: one ports.Fencer for each level of core.fencing.LEVELS."""

from collections.abc import Mapping

from hostha.drivers.fencing.consul import ConsulFence
from hostha.drivers.fencing.fence_agent import FenceAgent
from hostha.drivers.fencing.operator import Operator
from hostha.ports import Agents, Fencer


def build(agents: Agents, run_timeout: float = 30.0) -> Mapping[str, Fencer]:
    """Level -> its fencer.

    run_timeout: seconds for one run of a fence program; at most half of fence_timeout, so that the power can still be read back after
    an order that hung. Fence programs themselves wait up to 20 s for the power to go off.
    """
    power = {'fence_agent': FenceAgent(run_timeout),
             'ipmi': FenceAgent(run_timeout, {'lanplus': '1'}, plug=False),
             'redfish': FenceAgent(run_timeout, {'ssl': '1'}, plug=False)}
    return {**power, 'consul': ConsulFence(agents, power), 'operator': Operator()}


__all__ = ['ConsulFence', 'FenceAgent', 'Operator', 'build']
