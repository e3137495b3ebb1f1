"""What runs inside OpenStack's own processes, in the bed's virtual environment: the hypervisor that remembers, and its hosts."""
