"""suspect: check the host ``host_check_retry`` times, ``host_check_interval`` apart, before anything is done."""

from taskflow.patterns import linear_flow

from hostha.flows.base import PausedRetry
from hostha.flows.tasks.checks import CheckHost


def check_flow(host: str, attempts: int, interval: float) -> linear_flow.Flow:
    """attempts: host_check_retry. interval: host_check_interval, seconds."""
    retry = PausedRetry('host_check_retry', attempts, interval)
    return linear_flow.Flow('suspect', retry=retry).add(CheckHost('check_host', host))
