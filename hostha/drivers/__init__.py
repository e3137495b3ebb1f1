"""The production adapters of ports.py: each translates one outside system, and its errors."""
