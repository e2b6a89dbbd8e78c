"""Lets `python -m detector` do what the command `detector` does."""

from detector.cli.main import main

main()
