"""hostha: high availability of OpenStack compute hosts."""
