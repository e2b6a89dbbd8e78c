"""The country of hand-judged articles of the labelled news, which is not in the repository.

`tests/data/gold_countries.json` holds, for each part of the gold set, article id and event type to the country that a
reader judged right (null: no country is named). No text is kept.
"""

import json
import os
from collections.abc import Callable
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

LEAST = {"dev": 0.94, "train": 0.88}
"""Share of right countries that the finder has reached; `train` is a little harder, with much of 2024's diplomacy."""
MOST_LOST = 0.05
"""What capitals throughout, or none, may cost."""
CASES: dict[str, Callable[[str], str]] = {"as printed": str, "upper": str.upper, "lower": str.lower}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("part", ["dev", "train"])
def test_country_is_right_where_the_article_names_one(part: str, case: str) -> None:
    file = SHARED / "gold" / f"{part}.jsonl"
    if not file.exists():
        pytest.skip(f"the labelled news is not here ({file}); set DETECTOR_TEST_SHARED to its folder to run this test")
    finder = GazetteerPlaceFinder(read_gazetteer((ROOT / "detector" / "data" / DATA_FILE).read_bytes()))
    articles = {row["id"]: row for row in map(json.loads, file.read_text(encoding="utf-8").splitlines())}
    judged = {key: country for key, country in JUDGED[part].items() if country is not None}
    right = 0
    for key, country in judged.items():
        number, kind = key.split()
        right += _country(finder, articles[number], EventType(kind), CASES[case]) == country
    print(f"{part}, {case}: country right in {right} of {len(judged)} ({right / len(judged):.3f})")
    assert right / len(judged) >= LEAST[part] - (MOST_LOST if case != "as printed" else 0.0)


def _country(
    finder: GazetteerPlaceFinder, row: dict[str, Any], kind: EventType, case: Callable[[str], str]
) -> str | None:
    label = row["labels"][kind.value]
    evidence = tuple(
        Evidence(field=part["field"], start=part["start"], end=part["end"], sentence=part["text"], confidence=0.9)
        for part in label["evidence"]
    )
    finding = Finding(type=kind, status=label["status"], confidence=0.9, threshold=0.5, evidence=evidence, why=())
    place, _ = finder.locate(
        Article(id=row["id"], text=_recase(row["text"], case), title=_recase(row["title"] or "", case)), finding
    )
    return place.country if place else None


def _recase(text: str, case: Callable[[str], str]) -> str:
    """Return a text in another case, of the same length so that offsets still hold."""
    return "".join(changed if len(changed := case(char)) == 1 else char for char in text)
