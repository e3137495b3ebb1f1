"""A cloud with its watchers: three real Consul clusters, and a real Nova with the same compute hosts.

    with Cluster(directory, ['compute-01', 'compute-02']) as cluster, Product(cluster) as product:
        product.start_engine()
        cluster.power_off('compute-01')

What happens to a host happens to all of it: its Consul agents, its cables, its nova-compute and its guests.
"""

from tests.beds.cluster.cluster import Cluster, requirements
from tests.beds.cluster.product import Product

__all__ = ['Cluster', 'Product', 'requirements']
