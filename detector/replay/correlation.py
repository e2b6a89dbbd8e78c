"""From detections to alerts in a replay: the live agent's own step, called one detection at a time in a fixed order.

Whatever state it needs, it gets from the detections and their own times alone, so that a replay of the same range by the same
model gives the same events and alerts.
"""

from functools import partial

from detector.settings import TopicSettings
from detector.stream.messages import Incoming, Outcome
from detector.stream.outcomes import detection_outcomes, one_by_one_on_error


class Correlation:
    """Correlates the detections of one model; each model of a run has one of its own."""

    def __init__(self, topics: TopicSettings) -> None:
        self._work = partial(detection_outcomes, topics=topics)
        self._rejected_topic = topics.rejected

    def outcome(self, detection: Incoming) -> Outcome:
        """Return what a detection comes to: its alerts, or a rejection. Never raises for anything a record holds."""
        (outcome,) = one_by_one_on_error(self._work, [detection], rejected_topic=self._rejected_topic)
        return outcome
