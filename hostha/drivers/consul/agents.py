"""Orders to the agents on the hosts, carried by Consul's user events: a ports.Agents."""

import re
import threading
from collections.abc import Collection, Sequence
from concurrent.futures import Future, wait
from functools import partial

from oslo_log import log as logging

from hostha.drivers.consul.client import Server
from hostha.drivers.consul.cluster import Cluster, clusters
from hostha.exceptions import DriverError, OutcomeUnknown, Refused, Unavailable
from hostha.ports import Clock
from hostha.settings import ConsulSettings

LOG = logging.getLogger(__name__)

EVENT = 'fence'
"""The event that the hosts' handlers listen to, whatever the command in it."""


class ConsulAgents:
    """Sends orders over all networks at once, and waits one time limit for them.

    sender: the name of this engine's host, for the receiver's log. bare_names: hosts whose handler accepts only its own bare name as the
    filter of an event. Consul takes the filter for a regular expression without anchors: a bare ``compute-1`` reaches ``compute-10``
    too, whose handler has to tell.
    """

    def __init__(self, settings: ConsulSettings, clock: Clock, sender: str, bare_names: Collection[str] = ()) -> None:
        self._clusters, self._timeout = clusters(settings), settings.timeout
        self._clock, self._sender, self._bare_names = clock, sender, frozenset(bare_names)

    def send(self, command: str, host: str, epoch: int) -> Sequence[str]:
        """Fire the event; a network that takes it may still get it twice, when a server's answer is lost.

        OutcomeUnknown if no network has confirmed it and some may have taken it, Refused if all refused, Unavailable if none took it.
        """
        text = payload(command, self._sender, self._clock.time())
        fire = partial(Server.fire, event=EVENT, payload=text, nodes=self._filter(host))
        outcomes = {cluster.network: self._begin(cluster, fire, host) for cluster in self._clusters}
        wait(outcomes.values(), self._timeout)
        taken = tuple(network for network, outcome in outcomes.items() if _took(outcome))
        LOG.info('Order sent: command=%s host=%s epoch=%d networks=%s', command, host, epoch, ','.join(taken) or '-')
        if not taken:
            raise _failure(list(outcomes.values()), command, host)
        return taken

    def _filter(self, host: str) -> str:
        return host if host in self._bare_names else f'^{re.escape(host)}$'

    def _begin(self, cluster: Cluster, fire: partial[None], host: str) -> Future[None]:
        outcome: Future[None] = Future()
        threading.Thread(target=_fire, args=(cluster, fire, outcome), name=f'consul-event-{cluster.network}-{host}', daemon=True).start()
        return outcome


def payload(command: str, sender: str, at: float) -> str:
    """The text of an event: ``COMMAND@SENDER@UNIXTIME``. Receivers read the first three fields; further ones may follow."""
    return '@'.join((command, sender, str(int(at))))


def _fire(cluster: Cluster, fire: partial[None], outcome: Future[None]) -> None:
    try:
        outcome.set_result(cluster.ask(fire))
    except Exception as error:  # noqa: BLE001 - it is handed to the caller
        outcome.set_exception(error)


def _took(outcome: Future[None]) -> bool:
    return outcome.done() and outcome.exception() is None


def _failure(outcomes: Sequence[Future[None]], command: str, host: str) -> DriverError:
    """What to say when no network has confirmed the order. One that is still being sent may arrive."""
    errors = [outcome.exception() for outcome in outcomes if outcome.done()]
    kind: type[DriverError] = Unavailable
    if len(errors) < len(outcomes) or any(isinstance(error, OutcomeUnknown) for error in errors):
        kind = OutcomeUnknown
    elif all(isinstance(error, Refused) for error in errors):
        kind = Refused
    return kind('; '.join(map(str, errors)) or 'no answer yet', driver='consul', operation=command, host=host)
