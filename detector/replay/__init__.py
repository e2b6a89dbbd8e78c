"""Replay: reads history with kafka-python, runs the live core over it, and keeps what came out in a run archive."""
