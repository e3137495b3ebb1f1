"""The simulated world behind the ports: hosts, networks, Consul, BMCs and Nova, on virtual or scaled time, with its invariants checked.

It knows nothing of the engine: the same engine, flows and database run on it as in production.
"""
