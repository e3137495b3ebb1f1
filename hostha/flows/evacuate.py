"""evacuating: every server on the book is rebuilt elsewhere and followed to its end."""

from collections.abc import Sequence

from taskflow.patterns import linear_flow, unordered_flow

from hostha.flows.base import PausedRetry
from hostha.flows.tasks.servers import BeginRound, ConcludeEvacuation, EvacuateServer


def evacuate_flow(host: str, incident: str, servers: Sequence[str], attempts: int, pause: float,
                  tries: int, interval: float, parallel: int, poll: float) -> linear_flow.Flow:
    """One sub-flow a server, each with its own tries.

    servers: ids, at most some hundred. attempts, pause: multiple_recovery. tries, interval: evacuate_retry_count and
    evacuate_retry_interval. parallel: max_parallel_evacuations. poll: seconds between two looks at the servers.
    """
    moves = unordered_flow.Flow('servers')
    for position, server in enumerate(servers):
        retry = PausedRetry(f'retry-{server}', tries, interval, growth=1.5, provides=f'attempt-{server}')
        moves.add(linear_flow.Flow(f'server-{server}', retry=retry).add(
            EvacuateServer(f'evacuate-{server}', server, position, parallel, poll)))
    rounds = PausedRetry('multiple_recovery', attempts, pause, growth=2, provides='round')
    return linear_flow.Flow('evacuate', retry=rounds).add(
        BeginRound('begin_round'), moves, ConcludeEvacuation('conclude_evacuation', host, incident, list(servers), poll))
