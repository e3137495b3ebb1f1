"""The fencers of all levels together: build(), consul, operator."""

import pytest

from hostha.core.fencing import LEVELS
from hostha.core.model import LevelSpec, Power
from hostha.drivers.fencing import build
from hostha.exceptions import Refused, Unavailable
from hostha.ports import FenceOrder, Fencer
from tests.unit.drivers.fencing.fakes import FakeBmc


class Networks:
    """Where events go: ports.Agents."""

    def __init__(self, *up: str) -> None:
        self.up, self.sent = up, []

    def send(self, command: str, host: str, epoch: int) -> tuple[str, ...]:
        if not self.up:
            raise Unavailable('no network took it', driver='consul', operation='event', host=host)
        self.sent.append((command, host, epoch))
        return self.up


CONSUL = LevelSpec('consul')
PROVER = LevelSpec('fence_agent', {'agent': 'fence_fake', 'ip': '192.0.2.1'}, {'password': 's3cret'})


def order(spec: LevelSpec, *later: LevelSpec) -> FenceOrder:
    return FenceOrder('compute-1', 7, 'incident', spec, later)


def test_there_is_a_fencer_for_every_level() -> None:
    assert set(build(Networks())) == set(LEVELS)


def test_consul_sends_the_event_and_a_later_level_proves(bmc: FakeBmc) -> None:
    networks = Networks('management', 'tenant')
    consul = build(networks, 20.0)['consul']
    asked = order(CONSUL, LevelSpec('operator'), PROVER)
    consul.off(asked)
    assert networks.sent == [('fence', 'compute-1', 7)]
    assert consul.power(asked) is Power.ON
    (bmc.folder / 'power').write_text('off')
    assert consul.power(asked) is Power.OFF
    assert [run['lines'][-1] for run in bmc.runs] == ['action=status', 'action=status']


def test_consul_proves_nothing_by_itself() -> None:
    networks = Networks('management')
    consul = build(networks)['consul']
    assert consul.power(order(CONSUL, LevelSpec('operator'))) is Power.UNKNOWN
    with pytest.raises(Refused, match='no later level'):
        consul.off(order(CONSUL))
    assert networks.sent == []


def test_consul_without_a_network_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        build(Networks())['consul'].off(order(CONSUL, PROVER))


def test_consul_describes_both_without_a_secret() -> None:
    words = build(Networks())['consul'].describe(order(CONSUL, PROVER))
    assert words == ('Consul event fence to compute-1, epoch 7; '
                     'power read by fence_fake plug=compute-1 ip=192.0.2.1 password=***')


def test_the_operator_level_does_nothing_and_knows_nothing() -> None:
    operator: Fencer = build(Networks())['operator']
    asked = order(LevelSpec('operator'))
    operator.off(asked)
    assert operator.power(asked) is Power.UNKNOWN
    assert operator.describe(asked) == 'an operator has to confirm that compute-1 is off'


@pytest.mark.parametrize(('level', 'program'), [('ipmi', 'fence_ipmilan'), ('redfish', 'fence_redfish')])
def test_the_presets_run_their_programs(level: str, program: str) -> None:
    assert build(Networks())[level].describe(order(LevelSpec(level, {'ip': '192.0.2.1'}))).startswith(f'{program} ')
