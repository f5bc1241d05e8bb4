"""The measurements that the documentation quotes: `python -m benchmarks.reactions`, `python -m benchmarks.writer`."""
