"""Writes METRICS.md, the table of all metrics, from their declarations: `python -m deploy.metrics_page`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from prometheus_client import Counter, Gauge, Histogram, Info

from detector.metrics import Metrics

PAGE: Final = Path(__file__).with_name("METRICS.md")

_SUFFIXES: Final = {"counter": "_total", "info": "_info"}
_UNITS: Final = {
    "timestamp_seconds": "Unix time, seconds",
    "seconds": "seconds",
    "records": "records",
    "articles": "articles",
    "score": "probability",
    "confidence": "probability",
    "info": "none, always 1",
}
_HEAD: Final = """\
# Metrics

Generated from `detector/metrics.py` by `make deploy-files`; a test compares the two, and both with dashboards and rules.

A worker serves them at `/metrics`. Labels are bounded: types, statuses and reasons are closed lists, countries are those of
ISO 3166-1, topics are the configured ones. Nothing that an article says (outlet, title, id, place) is a label. A histogram
has the series `_bucket`, `_sum` and `_count`. Beside these there are `process_*` (CPU, memory, open files, start time) and
`python_gc_*`, which the client library makes.

| metric | type | unit | labels | meaning |
|---|---|---|---|---|
"""


class Declared(NamedTuple):
    """One metric as it is scraped."""

    name: str
    kind: str
    unit: str
    labels: tuple[str, ...]
    help: str


def declared() -> Iterator[Declared]:
    """Give every metric of ours in the order of its declaration."""
    for metric in vars(Metrics()).values():
        if isinstance(metric, Counter | Gauge | Histogram | Info):
            kind = metric._type  # noqa: SLF001 the client library tells it in no other way
            name = metric._name + _SUFFIXES.get(kind, "")  # noqa: SLF001 as above
            unit = next((unit for suffix, unit in _UNITS.items() if name.endswith(suffix)), "number")
            labels = tuple(metric._labelnames)  # noqa: SLF001 as above
            yield Declared(name, kind, unit, labels, metric._documentation)  # noqa: SLF001 as above


def page() -> str:
    """Return the whole page."""
    rows = (
        f"| `{metric.name}` | {metric.kind} | {metric.unit} | {', '.join(metric.labels)} | {metric.help} |\n"
        for metric in declared()
    )
    return _HEAD + "".join(rows)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
