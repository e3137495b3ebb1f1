from pathlib import Path

import pytest

from tests.unit.drivers.fencing.fakes import FakeBmc


@pytest.fixture
def bmc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeBmc:
    """fence_fake on the PATH."""
    monkeypatch.setenv('PATH', f'{tmp_path}:/usr/bin:/bin')
    return FakeBmc(tmp_path)
