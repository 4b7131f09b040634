"""Tests of actviz_core.figures."""
