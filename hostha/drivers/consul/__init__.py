"""Consul: what it reports of the hosts, network by network, and the events that it carries to them.

Each network is a Consul cluster of its own, with its servers on the controllers. The client library is used in ``client`` only.
"""

from hostha.drivers.consul.agents import ConsulAgents
from hostha.drivers.consul.liveness import ConsulLiveness
from hostha.drivers.consul.ping import Fping, Pinger

__all__ = ['ConsulAgents', 'ConsulLiveness', 'Fping', 'Pinger']
