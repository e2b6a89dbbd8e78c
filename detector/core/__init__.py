"""The pure core: same bytes and same model give the same answer. Nothing here does I/O, reads a clock or draws randomness."""
