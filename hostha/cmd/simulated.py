"""The simulated world in the place of the outside: for the demo, the scenarios and the tests."""

from hostha.db import Database
from hostha.drivers.fencing import ConsulFence, Operator
from hostha.engine.service import Ports
from hostha.ports import Clock, Fencer, Notifier
from hostha.settings import (
    ApiSettings,
    ConsulSettings,
    DatabaseSettings,
    EngineSettings,
    Judgement,
    NovaSettings,
    Recovery,
    Settings,
)
from hostha.sim.nova_ports import SimCompute, SimServers
from hostha.sim.ports import SimAgents, SimFencer, SimLiveness
from hostha.sim.world import World


def simulated_ports(world: World, clock: Clock, database: Database, notifier: Notifier) -> Ports:
    """Simulated networks, Nova and BMCs; what is hostha's own, down to the fencing levels, is that of production."""
    agents = SimAgents(world, clock)
    power: dict[str, Fencer] = dict.fromkeys(('fence_agent', 'ipmi', 'redfish'), SimFencer(world, clock))
    fencers: dict[str, Fencer] = {**power, 'consul': ConsulFence(agents, power), 'operator': Operator()}
    return Ports(clock, SimLiveness(world, clock), SimCompute(world, clock), SimServers(world, clock), fencers, agents, database.store,
                 database.book, database.leases, notifier, database.backend)


def simulated_settings(judgement: Judgement, recovery: Recovery, engine: EngineSettings, database: str = 'sqlite://',
                       api: ApiSettings | None = None) -> Settings:
    """Settings for an engine that reaches nothing real. database: SQLAlchemy URL."""
    return Settings(judgement, recovery, engine, ConsulSettings({}), NovaSettings('', '', ''), DatabaseSettings(database),
                    api or ApiSettings())
