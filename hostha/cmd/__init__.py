"""The programs: each reads the configuration, builds the adapters, hands them over and runs."""
