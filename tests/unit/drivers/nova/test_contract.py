"""The driver on the fake Nova keeps the contract of its ports."""

from collections.abc import Callable, Collection

import pytest

from hostha.drivers.nova import connect
from tests.contract.nova import ComputeContract, ServersContract
from tests.unit.drivers.nova.fake import FakeCloud


class FakeWorld:
    """A NovaWorld on the fake cloud."""

    def __init__(self, cloud: FakeCloud) -> None:
        self.state = cloud.state
        self.compute, self.servers = connect(cloud.settings())
        self.hosts = list(cloud.state.services)

    def boot(self, host: str) -> str:
        return self.state.add_server(host)

    def lose(self, host: str) -> None:
        self.state.alive.discard(host)
        for hosts in self.state.guests.values():
            hosts.discard(host)

    def revive(self, host: str) -> None:
        self.state.alive.add(host)
        for record in self.state.records:
            if record['source_compute'] == host:
                record['status'] = 'completed'

    def disable(self, host: str, reason: str) -> None:
        self.state.services[host] |= {'status': 'disabled', 'disabled_reason': reason}

    def running(self, server: str) -> Collection[str]:
        return self.state.guests.get(server, ())

    def until(self, condition: Callable[[], bool]) -> None:
        for _ in range(5):
            if condition():
                return
            self.state.go_on()
        raise AssertionError('it did not come about')


@pytest.fixture
def world(cloud: FakeCloud) -> FakeWorld:
    """A fresh world."""
    return FakeWorld(cloud)


class TestCompute(ComputeContract):
    """ports.Compute."""


class TestServers(ServersContract):
    """ports.Servers."""
