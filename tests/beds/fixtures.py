"""For pytest's fixtures: what to do when a bed cannot run on this machine."""

import os
from collections.abc import Sequence

import pytest


def need(reasons: Sequence[str]) -> None:
    """Go on if there are no reasons against it; else skip the test and say why.

    With the environment variable ``CI`` set the test fails instead: there, nothing may be left untested unnoticed.
    """
    if not reasons:
        return
    message = 'the bed cannot run here: ' + '; '.join(reasons)
    if os.environ.get('CI'):
        pytest.fail(message, pytrace=False)
    pytest.skip(message)
