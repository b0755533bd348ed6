"""The systems that are compared, each in a process of its own: `python -m benchmarks.systems NAME`."""
