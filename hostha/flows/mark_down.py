"""fenced: Nova is told that the host is down, and its servers are put on the book."""

from taskflow.patterns import linear_flow

from hostha.flows.tasks.compute import MarkDown, RecordServers


def mark_down_flow(host: str, incident: str) -> linear_flow.Flow:
    """Both steps are idempotent: a crash between them costs nothing."""
    return linear_flow.Flow('mark_down').add(
        MarkDown('mark_down_host', host, incident), RecordServers('record_servers', host, incident))
