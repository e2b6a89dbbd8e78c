"""The country of hand-judged articles of the labelled news, which is not in the repository.

`tests/data/gold_countries.json` holds, for each part of the gold set, article id and event type to the country that a
reader judged right (null: no country is named). No text is kept.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from detector.core.eventtypes import EventType
from detector.core.gazetteer import DATA_FILE, read_gazetteer
from detector.core.place import GazetteerPlaceFinder
from detector.core.records import Article, Evidence, Finding

ROOT = Path(__file__).parents[3]
SHARED = Path(os.environ.get("DETECTOR_TEST_SHARED", ROOT.parent / "shared"))
JUDGED: dict[str, dict[str, str | None]] = json.loads(
    (ROOT / "tests/data/gold_countries.json").read_text(encoding="utf-8")
)

LEAST = {"dev": 0.92, "train": 0.86}
"""Share of right countries that the finder has reached; `train` is a little harder, with much of 2024's diplomacy."""


@pytest.mark.parametrize("part", ["dev", "train"])
def test_country_is_right_where_the_article_names_one(part: str) -> None:
    file = SHARED / "gold" / f"{part}.jsonl"
    if not file.exists():
        pytest.skip(f"the labelled news is not here ({file}); set DETECTOR_TEST_SHARED to its folder to run this test")
    finder = GazetteerPlaceFinder(read_gazetteer((ROOT / "detector" / "data" / DATA_FILE).read_bytes()))
    articles = {row["id"]: row for row in map(json.loads, file.read_text(encoding="utf-8").splitlines())}
    judged = {key: country for key, country in JUDGED[part].items() if country is not None}
    right = sum(_country(finder, articles[key.split()[0]], EventType(key.split()[1])) == judged[key] for key in judged)
    print(f"{part}: country right in {right} of {len(judged)} ({right / len(judged):.3f})")
    assert right / len(judged) >= LEAST[part]


def _country(finder: GazetteerPlaceFinder, row: dict[str, Any], kind: EventType) -> str | None:
    label = row["labels"][kind.value]
    evidence = tuple(
        Evidence(field=part["field"], start=part["start"], end=part["end"], sentence=part["text"], confidence=0.9)
        for part in label["evidence"]
    )
    finding = Finding(type=kind, status=label["status"], confidence=0.9, threshold=0.5, evidence=evidence, why=())
    place, _ = finder.locate(Article(id=row["id"], text=row["text"], title=row["title"]), finding)
    return place.country if place else None
