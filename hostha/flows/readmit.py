"""recovered: the host is back; take it into service again when nothing that it might do can harm a server."""

from taskflow.patterns import linear_flow

from hostha.flows.base import PausedRetry
from hostha.flows.tasks.checks import CheckReturned
from hostha.flows.tasks.readmission import RestoreService


def readmit_flow(host: str, incident: str, attempts: int, interval: float, timeout: float, poll: float) -> linear_flow.Flow:
    """attempts, interval: host_check_retry and host_check_interval. timeout: for the service to become fit. poll: between looks."""
    checks = linear_flow.Flow('returned', retry=PausedRetry('host_check_retry', attempts, interval))
    checks.add(CheckReturned('check_returned', host))
    return linear_flow.Flow('readmit').add(checks, RestoreService('restore_service', host, incident, timeout, poll))
