"""Builds the table of term weights that correlation compares articles with."""
