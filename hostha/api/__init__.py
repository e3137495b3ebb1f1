"""The REST API: hosts, orders, incidents and engines, for operators and their programs. docs/api.md shows every call."""
