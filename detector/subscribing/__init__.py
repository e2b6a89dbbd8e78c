"""Reading `alerts` and `events` as a subscriber: following a topic, resuming in a group, and loading the present situation."""
