"""Brings the state diagram in the given documents up to date: python -m hostha.cmd.genstates FILE..."""

import sys
from pathlib import Path

from hostha.core.diagram import inserted


def main(argv: list[str] | None = None) -> int:
    """Rewrite each file whose diagram is stale."""
    for name in sys.argv[1:] if argv is None else argv:
        path = Path(name)
        text = path.read_text('utf-8')
        if inserted(text) != text:
            path.write_text(inserted(text), 'utf-8')
    return 0


if __name__ == '__main__':
    sys.exit(main())
