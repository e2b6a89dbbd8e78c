"""The gazetteer's data file: it loads, every entry is whole, and names are found under their lookup keys."""

import time
from pathlib import Path

import pytest

from detector.core.gazetteer import DATA_FILE, Gazetteer, GazetteerError, fold, read_gazetteer

ROOT = Path(__file__).parents[3]
DATA = (ROOT / "detector" / "data" / DATA_FILE).read_bytes()
GAZETTEER = read_gazetteer(DATA)


def test_landmarks_are_many_and_none_is_blocked() -> None:
    rows = (ROOT / "seeds/gazetteer/landmarks.tsv").read_text(encoding="utf-8").splitlines()[1:]
    names = [name for row in rows for name in row.split("\t")[4].split("|")]
    assert len(rows) >= 150
    for name in names:
        kinds = {entry.kind for entry in GAZETTEER.entries(fold(name))}
        assert "landmark" in kinds and kinds <= {"landmark", "government", "city"}, name


def test_gazetteer_loads_fast_and_small() -> None:
    started = time.perf_counter()
    gazetteer = read_gazetteer(DATA)
    assert time.perf_counter() - started < 1.5  # 0.1 s on an idle core; the bound allows for a busy one
    assert len(DATA) < 2_000_000
    assert len(gazetteer.index) > 50_000


def test_every_entry_has_a_country_and_coordinates() -> None:
    for row in GAZETTEER.rows:
        _, kind, country, lat, lon, _, _ = row.split("\t")
        assert kind == "x" or (
            len(country) == 2 and country.isupper() and abs(float(lat or 0)) <= 90 >= abs(float(lon or 0)) / 2
        )


@pytest.mark.parametrize("data", [b"", b"not gzip", DATA[:100], DATA[:-20]])
def test_broken_data_is_refused(data: bytes) -> None:
    with pytest.raises(GazetteerError):
        read_gazetteer(data)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Ma‘arrat an Nu‘mān", "maarrat an numan"),
        ("U.S.", "us"),
        ("Port-au-Prince", "port au prince"),
        ("Łódź", "lodz"),
    ],
)
def test_fold(name: str, key: str) -> None:
    assert fold(name) == key


def test_unknown_name_has_no_entries() -> None:
    assert isinstance(GAZETTEER, Gazetteer)
    assert GAZETTEER.entries("qwertz") == ()
    assert GAZETTEER.country("QQ") is None
