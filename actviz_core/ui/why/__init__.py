"""The page Why: maps of what an answer rests on, each put to the test."""
