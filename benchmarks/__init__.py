"""Side-by-side measurements against what a user would write instead: `python -m benchmarks`."""
