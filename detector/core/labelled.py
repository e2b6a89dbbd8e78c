"""Reads labelled news: articles with types, statuses and evidence, one JSON object per line.

The format is that of `seeds/corpus/DATASHEET.md`. A fault is reported with file, line and field; nothing is guessed.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from detector.core.eventtypes import EVENT_TYPES, STATUSES, EventType
from detector.core.records import Article, ArticleField

_FIELDS: Final = ("title", "text")


class LabelledDataError(ValueError):
    """A labelled file cannot be used; the message names file, line and field."""

    def __init__(self, source: str, line: int | None, where: str | None, problem: str) -> None:
        """Compose the message from the place of the fault (`line` counts from 1) and the problem."""
        place = source + (f", line {line}" if line is not None else "") + (f", field {where}" if where else "")
        super().__init__(f"{place}: {problem}")


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldSpan:
    """A stretch of an article that shows an event: `article.<field>[start:end]`."""

    field: ArticleField
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One type that an article carries, with its most recent status and its evidence, most telling first."""

    status: str
    evidence: tuple[GoldSpan, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledArticle:
    """An article with its labels; types that are absent from `labels` are labelled as not present."""

    article: Article
    labels: Mapping[EventType, Label]
    ambiguous: frozenset[EventType] = frozenset()
    family: str = "unknown"
    sample: str = "unknown"
    rules: tuple[str, ...] = field(default=())


def read_labelled(
    data: bytes, source: str, texts: Mapping[str, Mapping[str, Any]] | None = None
) -> list[LabelledArticle]:
    """Return the labelled articles of one JSON Lines file given as bytes; `source` names it in errors.

    A line without `text` takes what it lacks from the record of the same id in `texts` (labels may be free where texts are
    not). Raises `LabelledDataError` for anything that does not fit the format, and for a file without articles.
    """
    articles: list[LabelledArticle] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.strip():
            continue
        record = _parse(line, source, number)
        if "text" not in record:
            record = {**_record_of(record.get("id"), texts, source, number), **record}
        labelled = _labelled(record, source, number)
        if labelled.article.id in seen:
            first = seen[labelled.article.id]
            raise LabelledDataError(source, number, "id", f"{labelled.article.id!r} was used in line {first} already")
        seen[labelled.article.id] = number
        articles.append(labelled)
    if not articles:
        raise LabelledDataError(source, None, None, "the file holds no articles")
    return articles


def require_all_types(sources: Mapping[str, Sequence[LabelledArticle]]) -> None:
    """Raise `LabelledDataError` when some type has no article with it, or none without it, in all sources together."""
    names = ", ".join(sources) or "no source"
    for kind in EVENT_TYPES:
        present = [kind in labelled.labels for articles in sources.values() for labelled in articles]
        if not any(present):
            raise LabelledDataError(
                names, None, f"labels.{kind}", f"no article is labelled {kind}; each type needs some"
            )
        if all(present):
            raise LabelledDataError(
                names, None, f"labels.{kind}", f"every article is labelled {kind}; some must not be"
            )


def _parse(line: bytes, source: str, number: int) -> dict[str, Any]:
    try:
        record = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise LabelledDataError(source, number, None, f"not UTF-8 at byte {error.start}") from None
    except (json.JSONDecodeError, RecursionError) as error:
        raise LabelledDataError(source, number, None, f"not JSON: {error}") from None
    if not isinstance(record, dict):
        raise LabelledDataError(source, number, None, "not a JSON object")
    return record


def _record_of(
    article_id: object, texts: Mapping[str, Mapping[str, Any]] | None, source: str, number: int
) -> Mapping[str, Any]:
    if texts is None:
        raise LabelledDataError(source, number, "text", "is missing, and no file of texts is given (--texts)")
    if article_id not in texts:
        raise LabelledDataError(source, number, "id", f"{article_id!r} is in no file of texts")
    return texts[str(article_id)]


def _labelled(record: dict[str, Any], source: str, number: int) -> LabelledArticle:
    def fail(where: str, problem: str) -> LabelledDataError:
        return LabelledDataError(source, number, where, problem)

    for name in ("id", "text"):
        if not isinstance(record.get(name), str) or not record[name].strip():
            raise fail(name, "must be a non-empty string")
    if not isinstance(record.get("title"), str | None):
        raise fail("title", "must be a string")
    labels = record.get("labels")
    if not isinstance(labels, dict):
        raise fail("labels", "must be an object of types (empty when the article carries none)")
    ambiguous = record.get("ambiguous", [])
    if not isinstance(ambiguous, list) or any(kind not in EVENT_TYPES for kind in ambiguous):
        raise fail("ambiguous", "must be a list of types out of " + ", ".join(EVENT_TYPES))
    found: dict[EventType, Label] = {}
    for kind, label in labels.items():
        if kind not in EVENT_TYPES:
            where = f"labels.{kind}"
            raise fail(where, "unknown type; the types are " + ", ".join(EVENT_TYPES))
        found[EventType(kind)] = _label(record, EventType(kind), label, fail)
    return LabelledArticle(
        article=Article(
            id=record["id"], title=record.get("title") or None, text=record["text"], outlet=record.get("outlet")
        ),
        labels=found,
        ambiguous=frozenset(EventType(kind) for kind in ambiguous),
        family=str(record.get("family") or "unknown"),
        sample=str(record.get("sample") or "unknown"),
        rules=tuple(str(rule) for rule in record.get("rules") or ()),
    )


def _label(record: dict[str, Any], kind: EventType, label: object, fail: Any) -> Label:  # noqa: ANN401 - a local closure
    where = f"labels.{kind}"
    if not isinstance(label, dict):
        raise fail(where, "must be an object with status and evidence")
    if label.get("status") not in STATUSES[kind]:
        problem = f"{label.get('status')!r} is no status of {kind}: {', '.join(STATUSES[kind])}"
        spot = f"{where}.status"
        raise fail(spot, problem)
    evidence = label.get("evidence")
    if not isinstance(evidence, list) or not evidence:
        spot = f"{where}.evidence"
        raise fail(spot, "must be a non-empty list")
    spans: list[GoldSpan] = []
    for index, item in enumerate(evidence):
        spot = f"{where}.evidence[{index}]"
        if not isinstance(item, dict) or item.get("field", "text") not in _FIELDS:
            raise fail(spot, "must be an object with field (title or text), start, end and text")
        name, start, end = item.get("field", "text"), item.get("start"), item.get("end")
        body = record.get(name) or ""
        if type(start) is not int or type(end) is not int or not 0 <= start < end <= len(body):
            problem = f"offsets {start}..{end} do not lie inside the {name} of {len(body)} characters"
            raise fail(spot, problem)
        if "text" in item and body[start:end] != item["text"]:
            problem = f"is not what stands at {start}..{end} of the {name}"
            spot = f"{spot}.text"
            raise fail(spot, problem)
        spans.append(GoldSpan(field=cast("ArticleField", name), start=start, end=end))
    return Label(status=str(label["status"]), evidence=tuple(spans))
