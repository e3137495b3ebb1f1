"""The rules between options hold at their edges; the defaults obey them."""

import pytest

from hostha.core.policy import SKEW
from hostha.exceptions import ConfigError
from tests.unit.conf.conftest import Load


@pytest.mark.parametrize(('good', 'bad'), [
    ({'compute_ha__host_check_interval': '2', 'compute_ha__host_check_retry': '3'},
     {'compute_ha__host_check_interval': '1.9', 'compute_ha__host_check_retry': '3'}),
    ({'compute_ha__host_check_interval': f'{SKEW:g}', 'compute_ha__host_check_retry': '2'},
     {'compute_ha__host_check_interval': f'{SKEW - 0.1:g}', 'compute_ha__host_check_retry': '2'}),
    ({'engine__lease': '10', 'compute_ha__consul_timeout': '5'}, {'engine__lease': '9.9', 'compute_ha__consul_timeout': '5'}),
    ({'nova__timeout': '30'}, {'nova__timeout': '30.1'}),
    ({'fencing__fence_poll': '4.9', 'fencing__fence_timeout': '5'}, {'fencing__fence_poll': '5', 'fencing__fence_timeout': '5'})])
def test_the_edges(loaded: Load, good: dict[str, str], bad: dict[str, str]) -> None:
    loaded(**good)
    with pytest.raises(ConfigError):
        loaded(**bad)
