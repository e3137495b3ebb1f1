"""An OpenStack of the tests' own."""

from tests.beds.openstack.bed import OpenStackBed

__all__ = ['OpenStackBed']
