"""Three Consul clusters on three networks, with real agents and no real network touched.

    with ConsulBed(directory, ['compute-01', 'compute-02']) as bed:
        bed.set_link('compute-01', 'storage', up=False)
        bed.wait_for_health('storage', {'compute-01': 'critical'})

Each host is a network namespace with an interface on every network. By hand: ``python -m tests.beds.consul``.
"""

from tests.beds.consul.bed import ConsulBed, requirements
from tests.beds.consul.handler import Event, HandlerRun
from tests.beds.consul.self_fence import command as self_fencing

__all__ = ['ConsulBed', 'Event', 'HandlerRun', 'requirements', 'self_fencing']
