"""Handing alerts over."""
