"""The measurements that the documentation quotes: `make bench`, and programs of their own, as `benchmarks.writer`."""
