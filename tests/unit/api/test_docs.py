"""docs/api.md lists exactly the calls that there are."""

import re
from pathlib import Path

from falcon import inspect

from hostha.core.machine import acceptable
from hostha.core.orders import ACTIONS
from hostha.core.states import State
from tests.unit.api.conftest import Api

DOCUMENT = (Path(__file__).parents[3] / 'docs' / 'api.md').read_text()


def test_every_call_is_documented_and_every_documented_call_is_there(api: Api) -> None:
    served = {f'{method.method} {route.path}'
              for route in inspect.inspect_routes(api.app) for method in route.methods if not method.internal}
    table = DOCUMENT.split('## What holds')[0]
    assert set(re.findall(r'`((?:GET|PUT|POST|PATCH|DELETE) /\S*)`', table)) == served


def test_the_states_of_each_order_are_those_of_the_machine() -> None:
    rows = dict(re.findall(r'^\| `([a-z-]+)` \| ([a-z, ]+) \|', DOCUMENT.split('## Orders')[1], re.MULTILINE))
    assert rows == {action: ', '.join(state for state in State if acceptable(state, event)) for action, event in ACTIONS.items()}
