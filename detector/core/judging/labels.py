"""Reads what is true of articles: types, statuses and events, one JSON object per label record.

Two forms: that of labelled news (`id`, `labels` of type to status and evidence, `ambiguous`; see
`seeds/corpus/DATASHEET.md`), of which the text is not needed here, and a short one (`article_id`, `types` of type to status,
or a list of types whose status nobody noted). Both may carry `event`: the id of the event that the article reports, or an
object of type to id or ids.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from io import BytesIO
from types import MappingProxyType
from typing import Any, Final

from detector.core.eventtypes import EVENT_TYPES, STATUSES, EventType
from detector.core.labelled import LabelledDataError

_TYPES: Final = ", ".join(EVENT_TYPES)
_NONE: Final[Mapping[EventType, Any]] = MappingProxyType({})
"""Shared by the many labels that say nothing of a kind: an empty dictionary each would be a fifth of their room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleLabels:
    """What is true of one article; a type that is absent from `statuses` is labelled as not present.

    `evidence` quotes the sentence that shows a type best, where the labels do; `events` names the events of a type.
    """

    article_id: str
    statuses: Mapping[EventType, str | None]
    ambiguous: frozenset[EventType] = frozenset()
    evidence: Mapping[EventType, str] = field(default_factory=dict)
    events: Mapping[EventType, tuple[str, ...]] = field(default_factory=dict)


def read_label_lines(data: bytes, source: str) -> dict[str, ArticleLabels]:
    """Return the labels of a JSON Lines file by article id; raises `LabelledDataError` with line and field."""
    found: dict[str, ArticleLabels] = {}
    for number, record in _records(data, source):
        labels = parse_labels(record, source, number)
        if labels.article_id in found:
            raise LabelledDataError(source, number, "id", f"{labels.article_id!r} was labelled in an earlier line")
        found[labels.article_id] = labels
    if not found:
        raise LabelledDataError(source, None, None, "the file holds no labels")
    return found


def parse_labels(record: object, source: str, number: int) -> ArticleLabels:
    """Return the labels that one JSON value holds, in either form; raises `LabelledDataError`."""
    if not isinstance(record, dict):
        raise LabelledDataError(source, number, None, "not a JSON object")
    article_id = record.get("article_id", record.get("id"))
    if not isinstance(article_id, str) or not article_id.strip():
        raise LabelledDataError(source, number, "article_id", "must be a non-empty string")
    if "labels" not in record and "types" not in record:
        problem = "must be an object of type to status (empty when the article carries none)"
        raise LabelledDataError(source, number, "types", problem)
    name = "labels" if "labels" in record else "types"
    statuses = _statuses(record[name], name, source, number)
    ambiguous = record.get("ambiguous") or []
    if not isinstance(ambiguous, list) or any(kind not in EVENT_TYPES for kind in ambiguous):
        raise LabelledDataError(source, number, "ambiguous", f"must be a list of types out of {_TYPES}")
    return ArticleLabels(
        article_id=article_id,
        statuses=statuses or _NONE,
        ambiguous=frozenset(EventType(kind) for kind in ambiguous),
        evidence=_evidence(record[name]) or _NONE,
        events=_events(record.get("event"), statuses, source, number) or _NONE,
    )


def with_events(labels: Mapping[str, ArticleLabels], data: bytes, source: str) -> dict[str, ArticleLabels]:
    """Add memberships from lines of `article_id`, `type` and `event_id`; those of articles without labels are passed over."""
    found = dict(labels)
    for number, record in _records(data, source):
        if not isinstance(record, dict):
            raise LabelledDataError(source, number, None, "not a JSON object")
        article_id, kind, event = (record.get(name) for name in ("article_id", "type", "event_id"))
        if kind not in EVENT_TYPES:
            raise LabelledDataError(source, number, "type", f"must be one of {_TYPES}")
        if not isinstance(article_id, str) or not isinstance(event, str) or not article_id or not event:
            raise LabelledDataError(source, number, "event_id", "article_id and event_id must be non-empty strings")
        if article_id in found:
            known = found[article_id]
            events = {**known.events, EventType(kind): (*known.events.get(EventType(kind), ()), event)}
            found[article_id] = replace(known, events=events)
    return found


def _records(data: bytes, source: str) -> Iterable[tuple[int, object]]:
    for number, line in enumerate(BytesIO(data), 1):
        if not line.strip():
            continue
        try:
            yield number, json.loads(line.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise LabelledDataError(source, number, None, f"not UTF-8 at byte {error.start}") from None
        except (json.JSONDecodeError, RecursionError) as error:
            raise LabelledDataError(source, number, None, f"not JSON: {error}") from None


def _statuses(value: object, name: str, source: str, number: int) -> dict[EventType, str | None]:
    if isinstance(value, list):
        value = dict.fromkeys(value) if all(isinstance(kind, str) for kind in value) else None
    if not isinstance(value, dict):
        raise LabelledDataError(source, number, name, "must be an object of type to status, or a list of types")
    found: dict[EventType, str | None] = {}
    for kind, label in value.items():
        where = f"{name}.{kind}"
        if kind not in EVENT_TYPES:
            raise LabelledDataError(source, number, where, f"unknown type; the types are {_TYPES}")
        status = label.get("status") if isinstance(label, dict) else label
        if status is not None and status not in STATUSES[EventType(kind)]:
            problem = f"{status!r} is no status of {kind}: {', '.join(STATUSES[EventType(kind)])}"
            raise LabelledDataError(source, number, where, problem)
        found[EventType(kind)] = status
    return found


def _evidence(value: Any) -> dict[EventType, str]:  # noqa: ANN401 - parsed JSON whose form `_statuses` has checked
    quoted: dict[EventType, str] = {}
    for kind, label in value.items() if isinstance(value, dict) else ():
        pieces = label.get("evidence") if isinstance(label, dict) else None
        first = pieces[0] if isinstance(pieces, list) and pieces else None
        if isinstance(first, dict) and isinstance(first.get("text"), str):
            quoted[EventType(kind)] = first["text"]
    return quoted


def _events(
    value: object, statuses: Mapping[EventType, str | None], source: str, number: int
) -> dict[EventType, tuple[str, ...]]:
    if value is None:
        return {}
    by_type = value if isinstance(value, dict) else dict.fromkeys(statuses, value)
    found: dict[EventType, tuple[str, ...]] = {}
    for kind, named in by_type.items():
        events: list[object] = named if isinstance(named, list) else [named]
        ids = tuple(event for event in events if isinstance(event, str) and event)
        if kind not in EVENT_TYPES or len(ids) < len(events):
            problem = "must be an event id, or an object of type to event id or ids"
            raise LabelledDataError(source, number, "event", problem)
        found[EventType(kind)] = ids
    return found
