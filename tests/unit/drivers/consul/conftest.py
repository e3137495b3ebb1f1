"""The fake clusters that the tests of the Consul driver share."""

from collections.abc import Collection, Iterator, Mapping

import pytest

from tests.unit.drivers.consul.fake import FakeCluster, Node

HOSTS = ('compute-1', 'compute-10')


class FakePinger:
    """answers: address -> whether it answers; asked: what each call was about."""

    def __init__(self, answers: Mapping[str, bool] | None = None) -> None:
        self.answers, self.asked = dict(answers or {}), []  # type: ignore[var-annotated]

    def ping(self, addresses: Collection[str]) -> Mapping[str, bool]:
        self.asked.append(set(addresses))
        return {address: self.answers[address] for address in addresses if address in self.answers}


def populate(cluster: FakeCluster) -> FakeCluster:
    """Three servers and two compute hosts, all well."""
    for number in (1, 2, 3):
        cluster.nodes[f'ctl{number}'] = Node(f'192.0.2.{number}', server=True)
    for number, host in enumerate(HOSTS, 101):
        cluster.nodes[host] = Node(f'192.0.2.{number}')
    return cluster


@pytest.fixture
def cluster() -> Iterator[FakeCluster]:
    with FakeCluster() as cluster:
        yield populate(cluster)


@pytest.fixture
def pinger() -> FakePinger:
    return FakePinger()
