"""One network's cluster: several servers, of which any one that answers will do."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from hostha.drivers.consul.client import Server
from hostha.exceptions import DriverError, OutcomeUnknown, Refused, Unavailable
from hostha.settings import ConsulSettings

T = TypeVar('T')


class Cluster:
    """The Consul servers of one network. May be used by several threads at once."""

    def __init__(self, network: str, servers: Sequence[Server]) -> None:
        self.network = network
        self._servers = tuple(servers)
        self._last_good = 0

    def ask(self, question: Callable[[Server], T]) -> T:
        """The answer of the first server that has one; the server that had the last one is asked first.

        ``question`` raises DriverError for a server that has no answer. If none has one: OutcomeUnknown when one of them may have done
        what it was asked for, Refused when all refused, else Unavailable.
        """
        failures = []
        for number in self._in_turn():
            try:
                answer = question(self._servers[number])
            except DriverError as error:
                failures.append(error)
            else:
                self._last_good = number
                return answer
        raise self._verdict(failures)

    def _in_turn(self) -> Iterator[int]:
        first = self._last_good
        return ((first + step) % len(self._servers) for step in range(len(self._servers)))

    def _verdict(self, failures: Sequence[DriverError]) -> DriverError:
        kind: type[DriverError] = Unavailable
        if any(isinstance(failure, OutcomeUnknown) for failure in failures):
            kind = OutcomeUnknown
        elif all(isinstance(failure, Refused) for failure in failures):
            kind = Refused
        words = '; '.join(str(failure) for failure in failures)
        return kind(words, driver='consul', operation=f'on the {self.network} network')


def clusters(settings: ConsulSettings) -> list[Cluster]:
    """The clusters of all networks, in the order of the configuration, each server with a client of its own."""
    return [Cluster(network, [Server(address, port, timeout=settings.timeout, token=settings.token) for address, port in servers])
            for network, servers in settings.servers.items()]
