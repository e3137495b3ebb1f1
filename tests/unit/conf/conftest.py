from collections.abc import Callable
from pathlib import Path

import pytest
from oslo_config import cfg

from hostha.conf import load
from hostha.settings import Settings

SEED = Path(__file__).with_name('seed.conf')

Load = Callable[..., tuple[cfg.ConfigOpts, Settings]]


@pytest.fixture
def loaded(tmp_path: Path) -> Load:
    """Loads the seed's file with options changed: ``compute_ha__host_check_retry='5'``; None takes the line out."""

    def load_with(**changes: str | None) -> tuple[cfg.ConfigOpts, Settings]:
        path = tmp_path / 'hostha.conf'
        path.write_text(edited(SEED.read_text('utf-8'), changes), 'utf-8')
        return load(['--config-file', str(path)])

    return load_with


def edited(text: str, changes: dict[str, str | None]) -> str:
    """The file with each ``section__option`` replaced, added, or left out."""
    for change, value in changes.items():
        section, option = change.split('__', 1)
        lines, inside = [], ''
        for line in text.splitlines():
            inside = line[1:-1] if line.startswith('[') else inside
            if inside != section or line.partition('=')[0].strip() != option:
                lines.append(line)
        if f'[{section}]' not in lines:
            lines.append(f'[{section}]')
        if value is not None:
            lines.insert(lines.index(f'[{section}]') + 1, f'{option} = {value}')
        text = '\n'.join(lines) + '\n'
    return text
