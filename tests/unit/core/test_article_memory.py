"""What the detect agent remembers of articles, and what it retracts by it."""

from datetime import UTC, datetime, timedelta

import pytest

from detector.core.correlation.articles import ArticleMemory, decode_article_entry
from detector.core.correlation.rules import Rules
from detector.core.eventtypes import EventType

NOON = datetime(2016, 12, 15, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_an_edit_that_keeps_type_and_country_needs_no_retraction() -> None:
    memory = ArticleMemory(Rules())
    assert memory.revise("a", ["ceasefire|SY"], revision=1, ingested_at=NOON).retractions == ()
    assert memory.revise("a", ["ceasefire|SY"], revision=2, ingested_at=NOON).retractions == ()


def test_what_an_article_no_longer_carries_is_retracted_under_its_old_key() -> None:
    memory = ArticleMemory(Rules())
    memory.revise("a", ["ceasefire|SY", "evacuation|SY"], revision=1, ingested_at=NOON)
    moved = memory.revise("a", ["ceasefire|ML"], revision=2, ingested_at=NOON)
    assert [(item.type, item.country, item.reason, item.revision) for item in moved.retractions] == [
        (EventType.CEASEFIRE, "SY", "moved", 2),
        (EventType.EVACUATION, "SY", "edited", 2),
    ]
    gone = memory.revise("a", [], revision=3, ingested_at=NOON + HOUR, withdrawn=True)
    assert {(item.type, item.country, item.reason) for item in gone.retractions} == {
        (EventType.CEASEFIRE, "SY", "withdrawn"),
        (EventType.CEASEFIRE, "ML", "withdrawn"),
        (EventType.EVACUATION, "SY", "withdrawn"),
    }
    ((name, value),) = gone.entries
    assert name == "a"
    assert decode_article_entry(value or b"").seen_at == NOON + HOUR


def test_the_same_version_again_retracts_the_same() -> None:
    """After a crash the entry may be ahead of what was sent."""
    memory = ArticleMemory(Rules())
    memory.revise("a", ["ceasefire|SY"], revision=1, ingested_at=NOON)
    first = memory.revise("a", ["ceasefire|ML"], revision=2, ingested_at=NOON)
    assert memory.revise("a", ["ceasefire|ML"], revision=2, ingested_at=NOON) == first
    assert first.retractions


def test_an_article_that_was_never_detected_in_is_not_remembered() -> None:
    memory = ArticleMemory(Rules())
    assert memory.revise("a", [], revision=1, ingested_at=NOON).entries == ()
    assert memory.revise("a", [], revision=2, ingested_at=NOON, withdrawn=True).retractions == ()
    assert len(memory) == 0


def test_a_memory_comes_back_from_its_changelog() -> None:
    memory, kept = ArticleMemory(Rules()), {}
    for number in range(5):
        for name, value in memory.revise(
            f"a{number}", ["atrocity|-7"], revision=number, ingested_at=NOON + number * HOUR
        ).entries:
            kept[name] = value or b""
    restored = ArticleMemory(Rules(), kept)
    late = {"revision": 9, "ingested_at": NOON + timedelta(days=31)}
    assert restored.revise("a4", ["ceasefire|SY"], **late) == memory.revise("a4", ["ceasefire|SY"], **late)  # type: ignore[arg-type]  # one dict for both
    with pytest.raises(ValueError, match="format 2"):
        ArticleMemory(Rules(), {"a": b'{"format":2}'})


def test_an_article_is_forgotten_when_its_events_have_expired() -> None:
    memory = ArticleMemory(Rules())
    memory.revise("undated", ["ceasefire|SY"], revision=1, ingested_at=None)
    memory.revise("old", ["ceasefire|SY"], revision=1, ingested_at=NOON)
    memory.revise("new", ["ceasefire|SY"], revision=2, ingested_at=NOON + HOUR)
    step = memory.revise("other", [], revision=3, ingested_at=NOON + timedelta(days=30, seconds=1))
    assert step.entries == (("old", None),)
    assert len(memory) == 2
