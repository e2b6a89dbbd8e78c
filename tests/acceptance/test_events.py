"""Correlation on the judged events of real news, which the repository may not contain."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from detector.article_files import open_maybe_gzip
from detector.core.correlation.bcubed import bcubed, wrong_pairs
from detector.core.correlation.evaluation import detections_of, group_events
from detector.core.correlation.judged import read_memberships
from detector.core.correlation.rules import Rules
from detector.core.eventtypes import EventType
from detector.core.parsing import parse_article
from detector.core.records import Article
from detector.loading import load_classifier, load_detector, load_families

LEAST_F1 = 0.80


def test_real_articles_are_grouped_as_people_group_them(shared: Path) -> None:
    """B-cubed F1, and no two attacks in different places on one day in one event."""
    file = shared / "gold" / "events.jsonl"
    if not file.exists():
        pytest.skip(f"no judged events at {file}: set DETECTOR_TEST_SHARED to the folder that holds gold/events.jsonl")
    memberships = read_memberships(file.read_bytes(), str(file))
    wanted = {item.article_id for item in memberships}
    articles: dict[str, Article] = {}
    for name in ("gold/dev.jsonl", "gold/train.jsonl", "news/pool.jsonl.gz"):
        with open_maybe_gzip(shared / name) as stream:
            for line in stream:
                if (found := json.loads(line)["id"]) in wanted and isinstance(article := parse_article(line), Article):
                    articles.setdefault(found, article)
    detections = detections_of(
        memberships, articles, load_detector(), load_classifier(), detected_at=datetime(9999, 1, 1, tzinfo=UTC)
    )
    judged: dict[tuple[str, EventType], frozenset[str]] = {}
    about = {(item.article_id, item.type): item for item in memberships}
    for item in memberships:
        key = (item.article_id, item.type)
        judged[key] = judged.get(key, frozenset()) | {item.event_id}
    grouped = group_events(detections, Rules(), load_families())
    score = bcubed(grouped, judged)
    merged, parted = wrong_pairs(grouped, judged)
    print(
        f"B-cubed {score.precision:.3f} {score.recall:.3f} F1 {score.f1:.3f}; merged {len(merged)}, parted {len(parted)}"
    )
    assert score.f1 >= LEAST_F1
    assert not [
        (about[one].event_title, about[other].event_title)
        for one, other in merged
        if one[1] is EventType.ATROCITY
        and about[one].event_start == about[other].event_start
        and about[one].place != about[other].place
    ]
