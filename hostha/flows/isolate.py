"""isolated: make sure that the host is off, or give it no new servers."""

from taskflow.patterns import linear_flow

from hostha.flows.base import PausedRetry
from hostha.flows.tasks.checks import ConfirmLoss
from hostha.flows.tasks.compute import StopScheduling
from hostha.flows.tasks.fencing import ConcludeFencing, PowerOffHost


def fence_flow(host: str, levels: int, attempts: int, pause: float, timeout: float, poll: float,
               anyway: bool = False) -> linear_flow.Flow:
    """One level after the other, and all of them again after a pause.

    levels: how many the host has. attempts, pause: multiple_recovery. timeout: for one level. poll: between looks at the power.
    anyway: also when the host is seen to be well again, as its servers may be on their way elsewhere already.
    """
    by_level = linear_flow.Flow('levels', retry=PausedRetry('fencing_levels', levels, provides='level'))
    by_level.add(PowerOffHost('power_off_host', host, timeout, poll, anyway))
    rounds = PausedRetry('multiple_recovery', attempts, pause, growth=2, provides='round')
    return linear_flow.Flow('fence', retry=rounds).add(
        ConfirmLoss('confirm_loss', host, anyway), by_level, ConcludeFencing('conclude_fencing'))


def withdraw_flow(host: str, incident: str) -> linear_flow.Flow:
    """The host gets no new servers."""
    return linear_flow.Flow('withdraw').add(StopScheduling('stop_scheduling', host, incident))
