"""Brings labels in from a file or a topic."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from detector.core.judging.labels import ArticleLabels, parse_labels, read_label_lines, with_events
from detector.core.labelled import LabelledDataError
from detector.errors import UsageError
from detector.kafka.range_reading import open_range
from detector.kafka.ranges import RangeRequest
from detector.kafka.unreadable import Unreadable
from detector.settings import Settings

TOPIC_PREFIX: Final = "topic:"
_SHOWN_FAULTS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """Labels by article id, where they are from, and what was wrong with some of them."""

    by_article: dict[str, ArticleLabels]
    source: str
    warnings: list[str] = field(default_factory=list)


def read_labels(source: str, settings: Settings, events: Path | None = None) -> Labels:
    """Read `topic:NAME`, to its present end, or a JSON Lines file; raises `DetectorError` that names the fault.

    In a topic the last record of an article wins and an empty one takes its labels back; one that cannot be read is
    passed over and said. A fault in a file is an error, because a file can be mended.
    """
    try:
        if source.startswith(TOPIC_PREFIX):
            labels = _from_topic(source.removeprefix(TOPIC_PREFIX), settings)
        else:
            labels = Labels(by_article=read_label_lines(Path(source).read_bytes(), source), source=source)
        if events is not None:
            by_article = with_events(labels.by_article, events.read_bytes(), str(events))
            labels = Labels(by_article=by_article, source=labels.source, warnings=labels.warnings)
    except LabelledDataError as error:
        raise UsageError(str(error)) from error
    except OSError as error:
        message = f"{error.filename}: {error.strerror}"
        raise UsageError(message) from error
    return labels


def _from_topic(topic: str, settings: Settings) -> Labels:
    found: dict[str, ArticleLabels] = {}
    faults: list[str] = []

    def unreadable(gap: Unreadable) -> None:
        faults.append(f"{topic}/{gap.partition}, offsets {gap.begin} to {gap.end - 1} cannot be read: {gap.why}")

    with open_range(settings, topic, RangeRequest(), unreadable=unreadable) as reader:
        for record in reader:
            if record.value is None:
                found.pop((record.key or b"").decode("utf-8", "replace"), None)
                continue
            place = f"{topic}/{record.partition}"
            try:
                labels = parse_labels(json.loads(record.value), place, record.offset)
            except LabelledDataError as error:
                faults.append(str(error))
            except (ValueError, RecursionError) as error:
                faults.append(f"{place}, offset {record.offset}: not JSON: {error}")
            else:
                found[labels.article_id] = labels
    if not found:
        message = f"the topic {topic} holds no labels"
        raise UsageError(message)
    warnings = [f"label left out: {fault}" for fault in faults[:_SHOWN_FAULTS]]
    if len(faults) > _SHOWN_FAULTS:
        warnings.append(f"{len(faults) - _SHOWN_FAULTS} more labels left out for faults of their own")
    return Labels(by_article=found, source=f"{TOPIC_PREFIX}{topic}", warnings=warnings)
