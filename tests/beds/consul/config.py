"""The configuration file of one Consul agent. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tests.beds.consul.layout import CONTROLLERS, HTTP_PORT, Layout

Profile = Literal['default', 'tuned']

GOSSIP: dict[Profile, dict[str, str | int]] = {
    'default': {},
    'tuned': {
        'gossip_interval': '100ms',
        'gossip_nodes': 4,
        'probe_interval': '500ms',
        'probe_timeout': '200ms',
        'suspicion_mult': 3,
        'retransmit_mult': 4,
    },
}
"""A lost host is critical after 5 to 11 s with Consul's own gossip timings, after 2 to 4 s with the tuned ones."""


@dataclass(frozen=True)
class Tuning:
    """How the clusters of a bed are set up.

    profile          gossip timings: Consul's own (``default``) or fast ones (``tuned``)
    raft_multiplier  1 to 10: how patient the servers are with a silent leader; Consul's own is 5
    keep_dead        a dead server stays failed; else autopilot soon removes it from the lists
    """

    profile: Profile = 'tuned'
    raft_multiplier: int = 1
    keep_dead: bool = True


def agent(layout: Layout, tuning: Tuning, host: str, network: str, data: Path, watch: Sequence[str]) -> dict[str, Any]:
    """The configuration of a host's agent on a network: a server on a controller, else a client.

    data   the agent's own folder
    watch  the command that gets the ``fence`` events on its standard input; empty: none
    """
    address = layout.address(host, network)
    config: dict[str, Any] = {
        'datacenter': network,
        'node_name': host,
        'data_dir': str(data),
        'bind_addr': address,
        'client_addr': address,
        'ports': {'http': HTTP_PORT, 'dns': -1, 'grpc': -1},
        'retry_join': [layout.address(controller, network) for controller in CONTROLLERS],
        'retry_interval': '5s',
        'leave_on_terminate': False,
        'skip_leave_on_interrupt': True,
        'enable_script_checks': False,
        'disable_update_check': True,
        'gossip_lan': GOSSIP[tuning.profile],
    }
    if host in CONTROLLERS:
        config |= _server(tuning)
    if watch:
        config['watches'] = [{'type': 'event', 'name': 'fence', 'handler_type': 'script', 'args': list(watch)}]
    return config


def _server(tuning: Tuning) -> dict[str, Any]:
    return {
        'server': True,
        'bootstrap_expect': len(CONTROLLERS),
        'autopilot': {'cleanup_dead_servers': not tuning.keep_dead},
        'performance': {'raft_multiplier': tuning.raft_multiplier},
    }
