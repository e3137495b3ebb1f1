"""The fence program of a cluster: the interface of ClusterLabs' agents (FenceAgentAPI.md in ClusterLabs/fence-agents).

``name=value`` lines on standard input: action (off, on, status, monitor, metadata), plug (the host), directory (of the cluster).
Exit status 0 is done, or on; 2 is off; 1 is everything else.
"""

import sys
import time
from collections.abc import Iterable
from pathlib import Path

from tests.beds.cluster.cluster import Cluster
from tests.beds.command import BedError

DONE, FAILED, OFF = 0, 1, 2

METADATA = """<?xml version="1.0" ?>
<resource-agent name="fence_bed" shortdesc="Fences the hosts of a test cluster">
  <parameters>
    <parameter name="action" required="1"><content type="string"/></parameter>
    <parameter name="plug" required="1"><content type="string"/></parameter>
    <parameter name="directory" required="1"><content type="string"/></parameter>
  </parameters>
  <actions>
    <action name="off"/><action name="on"/><action name="status"/><action name="monitor"/><action name="metadata"/>
  </actions>
</resource-agent>"""


def main() -> int:
    """Do what standard input says. Returns the exit status."""
    options = read(sys.stdin)
    try:
        if options['action'] == 'metadata':
            print(METADATA)
            return DONE
        cluster = Cluster.of(Path(options['directory']))
        return act(cluster, options['action'], options.get('plug', ''))
    except (BedError, KeyError, ValueError) as error:
        print(f'fence_bed: {error!r}', file=sys.stderr)
        return FAILED


def read(lines: Iterable[str]) -> dict[str, str]:
    """The options: empty lines and comments do not count."""
    pairs = (line.strip().partition('=') for line in lines if line.strip() and not line.startswith('#'))
    return {name.strip(): value.strip() for name, _, value in pairs}


def act(cluster: Cluster, action: str, host: str) -> int:
    """One action on a host. Returns the exit status; ValueError for an action that there is not."""
    if action == 'monitor':
        return DONE
    if host not in cluster.computes:
        raise ValueError(f'there is no host {host!r} in this cluster')
    cluster.fencing.note(host, action)
    if action == 'status':
        return _status(cluster, host)
    if action == 'off':
        time.sleep(cluster.fencing.delay)
        cluster.power_off(host)
        return FAILED if cluster.alive(host) else DONE
    if action == 'on':
        cluster.power_on(host)
        return DONE
    raise ValueError(f'there is no action {action!r}')


def _status(cluster: Cluster, host: str) -> int:
    alive = cluster.alive(host)
    print(f'Status: {"ON" if alive else "OFF"}')
    return DONE if alive else OFF
