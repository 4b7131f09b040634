"""Tests of actviz_core.analysis."""
