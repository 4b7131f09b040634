"""Sentences, notes and readings: numbers in, plain words out."""
