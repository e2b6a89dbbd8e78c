"""The pure half of judging."""
