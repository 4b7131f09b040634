"""One channel of a network: where it looks, what it computes with, and what excites it."""
