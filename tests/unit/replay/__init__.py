"""Replay without a broker."""
