"""The tasks, one module per port: each does one port operation, idempotently."""
