"""Weights in files: what reads them, in a process of its own, and what comes back. Knows no networks."""
