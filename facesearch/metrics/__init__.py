"""Metrics: exact, in bounded memory, numpy only."""
