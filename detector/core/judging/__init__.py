"""Judges a run: was it right, how soon, how often in vain, does it differ from another, has the news changed. Pure."""
