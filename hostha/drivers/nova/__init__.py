"""Nova, by python-novaclient's HTTP client and keystoneauth1: the ports Compute and Servers."""

from hostha.drivers.nova.compute import NovaCompute
from hostha.drivers.nova.servers import NovaServers
from hostha.drivers.nova.wire import open_wire
from hostha.settings import NovaSettings

__all__ = ['NovaCompute', 'NovaServers', 'connect']


def connect(settings: NovaSettings) -> tuple[NovaCompute, NovaServers]:
    """Both ports on one Keystone session, so that all threads share one token. Nothing is sent yet."""
    wire = open_wire(settings)
    return NovaCompute(wire), NovaServers(wire)
