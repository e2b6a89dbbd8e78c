"""The table of place names: countries, regions, cities, landmarks, demonyms, organised actors, and false friends of these.

The data file is built by `seeds/gazetteer/build.py` from GeoNames (CC BY 4.0) and hand-made tables. This module reads its
bytes and looks names up; it opens no file.
"""

import gzip
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, NamedTuple, TypeAlias

DATA_FILE: Final = "gazetteer.tsv.gz"
"""Name of the data file in `detector/data`."""

FORMAT: Final = "gazetteer 1"
"""First line of the unpacked data file; a reader that finds another refuses it."""

MAX_NAME_WORDS: Final = 5
"""Longest name that is looked up."""

TOLD: Final = "!"
"""Area of a city in a country whose small towns make news; its name is trusted without further sign."""

Kind: TypeAlias = Literal[
    "city", "region", "country", "landmark", "demonym", "government", "leader", "group", "blocked"
]

_KINDS: Final[Mapping[str, Kind]] = {
    "c": "city",
    "r": "region",
    "n": "country",
    "m": "landmark",
    "d": "demonym",
    "g": "government",
    "l": "leader",
    "o": "group",
    "x": "blocked",
}
KIND_CODES: Final[Mapping[Kind, str]] = {kind: code for code, kind in _KINDS.items()}
_LETTERS: Final = str.maketrans("øØłŁđĐıßæÆœŒðþəƏ", "oOlLdDisaAoOdteE", "'’‘`ʻʼʿʾ´.\"")
_SEPARATORS: Final = str.maketrans(dict.fromkeys("-‐‑‒–—/,&()_", " "))


class GazetteerError(ValueError):
    """The gazetteer's data file is not of the expected format: rebuild it with `python -m seeds.gazetteer.build`."""


class Entry(NamedTuple):
    """One thing that a name can stand for."""

    name: str
    """What to show; of a landmark, its town."""
    kind: Kind
    country: str
    """ISO 3166-1 alpha-2 (XK for Kosovo); empty for blocked phrases."""
    lat: float
    lon: float
    population: int
    area: str
    """First-level division, GeoNames code; a US state's two letters; `TOLD` for towns of countries in conflict."""


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """Names and what they stand for. Lookup keys are `fold`ed."""

    rows: tuple[str, ...]
    index: Mapping[str, tuple[int, ...]]
    """Folded name to row numbers, most populous first."""
    longest: Mapping[str, int]
    """First word of a name to the number of words of the longest name that begins with it."""
    weak: frozenset[str]
    """Names that are far more often a word or a person than a place."""
    acronyms: frozenset[str]
    """Names that only count in capitals or with full stops, such as US."""
    given: frozenset[str]
    """Given names of people."""
    countries: frozenset[str]
    """Names of countries."""

    def entries(self, key: str) -> tuple[Entry, ...]:
        """Return what a folded name can stand for, most populous first; empty when unknown."""
        return tuple([_entry(self.rows[number]) for number in self.index.get(key, ())])

    def country(self, code: str) -> Entry | None:
        """Return the entry of a country by its ISO code."""
        return next(iter(self.entries(f"={code}")), None)


def read_gazetteer(data: bytes) -> Gazetteer:
    """Read the gazetteer from the bytes of its data file (`DATA_FILE`).

    Raises `GazetteerError` when the bytes are not a gazetteer of this format.
    """
    try:
        lines = gzip.decompress(data).decode("utf-8").split("\n")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        message = f"not a gazetteer: {error}"
        raise GazetteerError(message) from error
    if lines[0] != FORMAT or len(lines) < 5:  # noqa: PLR2004 - the head has five lines
        message = f"not a gazetteer of format {FORMAT!r}"
        raise GazetteerError(message)
    weak, acronyms, given = (frozenset(line.split("|")) for line in lines[1:4])
    rows: list[str] = []
    index: dict[str, tuple[int, ...]] = {}
    longest: dict[str, int] = {}
    for number, line in enumerate(lines[4:]):
        row, _, keys = line.rpartition("\t")
        rows.append(row)
        for key in keys.split("|"):
            index[key] = (*index[key], number) if key in index else (number,)
            first, blank, rest = key.partition(" ")
            words = rest.count(" ") + 2 if blank else 1
            if longest.get(first, 0) < words:
                longest[first] = words
    countries = frozenset(
        key for key, numbers in index.items() if rows[numbers[0]].split("\t", 2)[1] == KIND_CODES["country"]
    )
    return Gazetteer(tuple(rows), index, longest, weak, acronyms, given, countries)


def fold(name: str) -> str:
    """Return the lookup key of a name: lower case, no accents, apostrophes or full stops, single blanks for hyphens."""
    if name.isascii() and name.isalnum():
        return name.lower()
    bare = "".join(char for char in unicodedata.normalize("NFKD", name) if not unicodedata.combining(char))
    return " ".join(bare.translate(_LETTERS).translate(_SEPARATORS).lower().split())


@lru_cache(maxsize=4096)
def _entry(row: str) -> Entry:
    """Parse one row; cached because news names few places often."""
    name, kind, country, lat, lon, population, area = row.split("\t")
    return Entry(name, _KINDS[kind], country, float(lat or 0), float(lon or 0), int(population or 0), area)
