"""Builds the place-name table that the detector ships."""
