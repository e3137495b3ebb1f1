"""Every flow is let go of at the end of its test: TaskFlow's generators must not end in the garbage collector."""

from collections.abc import Iterator

import pytest

from tests.unit.flows import bench


@pytest.fixture(autouse=True)
def _let_go() -> Iterator[None]:
    yield
    while bench.OPEN:
        bench.OPEN.pop().close()
