"""Where everything is decided: pure functions over plain data; no I/O, clock, log, thread or randomness."""
