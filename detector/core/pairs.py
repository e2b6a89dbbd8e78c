"""Minimal pairs: two passages that differ in one meaning-bearing change; a detector must get both sides right."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from detector.core.eventtypes import EVENT_TYPES, STATUSES, EventType
from detector.core.labelled import LabelledDataError
from detector.core.records import Article, Classification


@dataclass(frozen=True, slots=True, kw_only=True)
class PairSide:
    """One passage of a pair, and the status it has for the pair's type (`None`: the type is not reported)."""

    article: Article
    status: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MinimalPair:
    """Two passages for one type, tagged with the codebook rule that the change touches."""

    id: str
    type: EventType
    rule: str
    sides: tuple[PairSide, PairSide]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairScore:
    """How many pairs of a rule have both sides right; where both sides carry the type, right means the status too."""

    pairs: int
    both_right: int
    sides_right: int


def read_pairs(data: bytes, source: str) -> list[MinimalPair]:
    """Return the pairs of a JSON Lines file given as bytes; raises `LabelledDataError` with file, line and field."""
    pairs: list[MinimalPair] = []
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            kind = EventType(record["type"])
            sides = [_side(record, name, kind) for name in ("a", "b")]
            pairs.append(
                MinimalPair(id=str(record["id"]), type=kind, rule=str(record["rule"]), sides=(sides[0], sides[1]))
            )
        except KeyError as error:
            raise LabelledDataError(source, number, str(error.args[0]), "is missing") from None
        except (TypeError, ValueError) as error:
            raise LabelledDataError(source, number, None, f"no minimal pair: {error}") from None
    if not pairs:
        raise LabelledDataError(source, None, None, "the file holds no pairs")
    return pairs


def pair_scores(pairs: Sequence[MinimalPair], answers: Sequence[Classification]) -> dict[str, PairScore]:
    """Return the score of each rule, by name, and of `all`; `answers` holds both sides of each pair in turn."""
    tallies: dict[str, list[tuple[bool, bool]]] = {}
    for number, pair in enumerate(pairs):
        by_status = all(side.status is not None for side in pair.sides)
        right = [
            _is_right(side.status, answers[2 * number + n], pair.type, by_status=by_status)
            for n, side in enumerate(pair.sides)
        ]
        tallies.setdefault(pair.rule, []).append((right[0], right[1]))
    everything = [item for tally in tallies.values() for item in tally]
    return {rule: _score(tally) for rule, tally in [*sorted(tallies.items()), ("all", everything)]}


def _side(record: Mapping[str, object], name: str, kind: EventType) -> PairSide:
    side = record[name]
    if not isinstance(side, dict):
        message = f"{name} is no object"
        raise TypeError(message)
    label = side["labels"].get(kind.value)
    unknown = set(side["labels"]) - set(EVENT_TYPES)
    if unknown or (label is not None and label["status"] not in STATUSES[kind]):
        message = f"{name}.labels holds an unknown type or status"
        raise ValueError(message)
    article = Article(id=f"{record['id']}-{name}", text=side["text"], title=side.get("title"))
    return PairSide(article=article, status=label["status"] if label else None)


def _is_right(status: str | None, answer: Classification, kind: EventType, *, by_status: bool) -> bool:
    found = next((finding for finding in answer.findings if finding.type == kind), None)
    if found is None or status is None:
        return found is None and status is None
    return found.status == status or not by_status


def _score(tally: Sequence[tuple[bool, bool]]) -> PairScore:
    return PairScore(
        pairs=len(tally), both_right=sum(a and b for a, b in tally), sides_right=sum(a + b for a, b in tally)
    )
