"""The engine: observe, step, persist, run flows; one driver thread decides, a pool of workers does what blocks."""
