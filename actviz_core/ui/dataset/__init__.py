"""The page Data set: what a network does with all pictures of a source."""
