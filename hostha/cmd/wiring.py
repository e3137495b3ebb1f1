"""Builds the production adapters from the settings."""

import os
from dataclasses import replace

from hostha.db import Database
from hostha.drivers import nova
from hostha.drivers.clock import SystemClock
from hostha.drivers.consul import ConsulAgents, ConsulLiveness, Fping
from hostha.drivers.fencing import build
from hostha.drivers.notify import LogNotifier
from hostha.engine.service import Engine, Ports
from hostha.settings import Settings


def production_engine(settings: Settings, database: Database) -> Engine:
    """An engine on real Consul, Nova and fence programs; nothing is sent before it is started.

    Its name bears the process id: a claim of a run that crashed is never taken for one of this run.
    """
    settings = replace(settings, engine=replace(settings.engine, name=f'{settings.engine.name}:{os.getpid()}'))
    return Engine(settings, production_ports(settings, database))


def production_ports(settings: Settings, database: Database) -> Ports:
    """The adapters of production."""
    clock = SystemClock()
    agents = ConsulAgents(settings.consul, clock, settings.engine.name)
    compute, servers = nova.connect(settings.nova)
    # half of a level's time: so that the power can still be read back after an order that hung
    fencers = dict(build(agents, min(30.0, settings.recovery.fence_timeout / 2)))
    return Ports(clock, ConsulLiveness(settings.consul, clock, Fping()), compute, servers, fencers, agents, database.store,
                 database.book, database.leases, LogNotifier(), database.backend)
