"""Self-contained HTML pages: one family of templates for evaluation, replay and the index of runs. Needs the extra `report`."""
