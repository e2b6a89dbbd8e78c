"""Whole runs: the demo, the pool, the kill test."""
