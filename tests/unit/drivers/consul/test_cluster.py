import pytest

from hostha.drivers.consul.client import Server
from hostha.drivers.consul.cluster import Cluster, clusters
from hostha.exceptions import DriverError, OutcomeUnknown, Refused, Unavailable
from hostha.settings import ConsulSettings

SETTINGS = ConsulSettings({'management': (('192.0.2.1', 8500), ('192.0.2.2', 8500), ('192.0.2.3', 8500)), 'tenant': (('192.0.2.9', 1),)})


class Questions:
    """asked: the names of the servers, in the order in which they were asked. errors: what each one raises."""

    def __init__(self, errors: dict[str, type[DriverError]] | None = None) -> None:
        self.errors, self.asked = errors or {}, []  # type: ignore[var-annotated]

    def __call__(self, server: Server) -> str:
        name = server.name.split(':')[0][-1]
        self.asked.append(name)
        if name in self.errors:
            raise self.errors[name]('words', driver='consul', operation=f'at {name}')
        return name


@pytest.fixture
def cluster() -> Cluster:
    return clusters(SETTINGS)[0]


def test_one_cluster_a_network_in_order() -> None:
    assert [each.network for each in clusters(SETTINGS)] == ['management', 'tenant']


def test_one_server_is_enough(cluster: Cluster) -> None:
    question = Questions()
    assert cluster.ask(question) == '1'
    assert question.asked == ['1']


def test_the_next_one_is_asked_and_remembered(cluster: Cluster) -> None:
    question = Questions({'1': Unavailable})
    assert [cluster.ask(question), cluster.ask(question)] == ['2', '2']
    assert question.asked == ['1', '2', '2']


def test_after_the_last_comes_the_first(cluster: Cluster) -> None:
    cluster.ask(Questions({'1': Unavailable, '2': Unavailable}))
    question = Questions({'3': Refused})
    assert cluster.ask(question) == '1'
    assert question.asked == ['3', '1']


@pytest.mark.parametrize(('errors', 'kind'), [
    ((Unavailable, Unavailable, Unavailable), Unavailable), ((Refused, Refused, Refused), Refused),
    ((Refused, Unavailable, Refused), Unavailable), ((Refused, OutcomeUnknown, Unavailable), OutcomeUnknown)])
def test_when_nobody_answers(cluster: Cluster, errors: tuple[type[DriverError], ...], kind: type[DriverError]) -> None:
    question = Questions(dict(zip('123', errors, strict=True)))
    with pytest.raises(DriverError, match=r'management network.*at 1.*at 2.*at 3') as raised:
        cluster.ask(question)
    assert type(raised.value) is kind
    assert question.asked == ['1', '2', '3']
