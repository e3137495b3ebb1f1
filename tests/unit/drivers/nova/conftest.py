"""The fake cloud, and the driver on it."""

from collections.abc import Iterator

import pytest

from hostha.drivers.nova import NovaCompute, NovaServers, connect
from tests.unit.drivers.nova.fake import FakeCloud, fake_cloud


@pytest.fixture
def cloud() -> Iterator[FakeCloud]:
    """A Keystone and a Nova with three hosts and no servers."""
    with fake_cloud() as fake:
        yield fake


@pytest.fixture
def ports(cloud: FakeCloud) -> tuple[NovaCompute, NovaServers]:
    """Both ports, with a time limit that a test can wait for."""
    return connect(cloud.settings(timeout=0.5))


@pytest.fixture
def compute(ports: tuple[NovaCompute, NovaServers]) -> NovaCompute:
    """Nova's compute services."""
    return ports[0]


@pytest.fixture
def servers(ports: tuple[NovaCompute, NovaServers]) -> NovaServers:
    """Nova's servers."""
    return ports[1]
