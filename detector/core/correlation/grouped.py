"""Runs the correlator over detections that are at hand, and returns which event each came to: for evaluation and tests."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from detector.core.correlation.correlator import Correlator
from detector.core.correlation.families import Families
from detector.core.correlation.rules import Rules
from detector.core.eventtypes import EventType
from detector.core.records import Detection


def without_expiry(rules: Rules) -> Rules:
    """Return rules under which no event is forgotten, for detections that are not in the order of time."""
    return replace(rules, types={kind: replace(each, quiet=None) for kind, each in rules.types.items()})


def events_of(detections: Iterable[Detection], rules: Rules, families: Families) -> Mapping[tuple[str, EventType], str]:
    """Return the event id of each (article id, type), after all detections were taken in."""
    correlator = Correlator(without_expiry(rules), families)
    for detection in detections:
        correlator.process(detection)
    found = {}
    for event_id in correlator.entries:
        for item in correlator.entry(event_id).supports:
            found[item.article_id, item.detection.type] = event_id
    return found
