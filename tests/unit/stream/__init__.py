"""Tests of the stream layer, without a broker."""
