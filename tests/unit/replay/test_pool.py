"""The scoring processes of a replay answer in order, whether they share what they have loaded or not."""

import json

import pytest

from detector.replay import pool
from detector.replay.batches import Batch, batches
from detector.replay.models import load_models
from detector.replay.scoring import Scored
from detector.settings import ReplaySettings, Settings
from detector.stream.messages import Incoming

RECORDS = 40


@pytest.mark.parametrize("forks", [True, False], ids=["forked", "each on its own"])
def test_batches_are_answered_in_order(monkeypatch: pytest.MonkeyPatch, *, forks: bool) -> None:
    """Each answer belongs to its batch, with more processes than one and more batches than they may have in hand."""
    monkeypatch.setattr(pool, "_FORKS", forks)
    answers = scored_by(processes=3, size=2)
    assert [batch.first for batch, _ in answers] == list(range(1, RECORDS + 1, 2))
    for batch, scored in answers:
        assert [row[1] for row in scored.tables["articles"]] == [f"a-{n}" for n in (batch.first, batch.first + 1)]
        assert scored.articles == len(batch.records)


def scored_by(*, processes: int, size: int) -> list[tuple[Batch, Scored]]:
    """Score numbered articles."""
    settings = Settings(replay=ReplaySettings(processes=processes))
    records = (
        Incoming(topic="articles", partition=0, offset=n, timestamp=None, key=None, value=article(n))
        for n in range(1, RECORDS + 1)
    )
    with pool.ScoringPool(settings, load_models([None])) as scoring:
        return list(scoring.scored(batches(records, size=size, limit=None)))


def article(number: int) -> bytes:
    """Give an article that says nothing but its number."""
    return json.dumps({"id": f"a-{number}", "text": f"Meeting {number} of the council began late."}).encode()
