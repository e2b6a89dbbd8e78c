"""Which alerts and events a subscriber wants: the one filter behind `watch`, `forward`, `events` and the Python client."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self, TypeVar, get_args

from detector.core.eventtypes import ALL_STATUSES, EVENT_TYPES, EventType
from detector.core.records import Alert, Certainty, Event, Severity

NONE: Final = "none"
"""Stands for an unknown country, and for a severity that nothing tells."""

CERTAINTIES: Final[tuple[str, ...]] = get_args(Certainty)
SEVERITIES: Final[tuple[str, ...]] = (*get_args(Severity), NONE)

_Word = TypeVar("_Word", bound=str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What must hold of an alert or event; within one field any of its words will do, an empty field takes everything."""

    types: frozenset[EventType] = frozenset()
    statuses: frozenset[str] = frozenset()
    certainties: frozenset[str] = frozenset()
    severities: frozenset[str] = frozenset()
    """CAP's words; `none` for an event whose severity nothing tells."""
    countries: frozenset[str] = frozenset()
    """ISO 3166-1 alpha-2 in capitals; `none` for what has no place."""
    min_outlets: int = 0
    """Least number of independent outlets."""
    min_confidence: float = 0.0

    @classmethod
    def of(
        cls,
        *,
        types: Iterable[str] = (),
        statuses: Iterable[str] = (),
        certainties: Iterable[str] = (),
        severities: Iterable[str] = (),
        countries: Iterable[str] = (),
        min_outlets: int = 0,
        min_confidence: float = 0.0,
    ) -> Self:
        """Check plain words and make a selection of them; raises `ValueError` that names the field and what it may be."""
        if min_outlets < 0 or not 0 <= min_confidence <= 1:
            message = (
                f"min_outlets is at least 0 and min_confidence from 0 to 1, not {min_outlets} and {min_confidence}"
            )
            raise ValueError(message)
        return cls(
            types=_known("types", map(EventType, _known("types", types, EVENT_TYPES)), EVENT_TYPES),
            statuses=_known("statuses", statuses, ALL_STATUSES),
            certainties=_known("certainties", certainties, CERTAINTIES),
            severities=_known("severities", severities, SEVERITIES),
            countries=frozenset(map(country_word, _words("countries", countries))),
            min_outlets=min_outlets,
            min_confidence=min_confidence,
        )

    def matches(self, told: Alert | Event) -> bool:
        """Whether an alert, or an event as it stands, is wanted."""
        return (
            _among(told.type, self.types)
            and _among(told.status, self.statuses)
            and _among(told.certainty, self.certainties)
            and _among(told.severity or NONE, self.severities)
            and _among(told.place.country if told.place else NONE, self.countries)
            and told.independent_outlets >= self.min_outlets
            and told.confidence >= self.min_confidence
        )


def country_word(word: str) -> str:
    """Return a country code in capitals, or `none`; raises `ValueError` for anything else."""
    if word.casefold() == NONE:
        return NONE
    if len(word) != len("SY") or not word.isascii() or not word.isalpha():
        message = f"{word!r} is no two-letter country code like SY, nor {NONE!r} for what has no place"
        raise ValueError(message)
    return word.upper()


def _among(word: _Word, wanted: frozenset[_Word]) -> bool:
    return not wanted or word in wanted


def _words(field: str, words: Iterable[_Word]) -> frozenset[_Word]:
    if isinstance(words, str):
        message = f"{field} is a list of words: [{words!r}], not {words!r}"
        raise ValueError(message)  # noqa: TRY004 - every fault of a selection is the one kind that callers catch
    return frozenset(words)


def _known(field: str, words: Iterable[_Word], known: Iterable[str]) -> frozenset[_Word]:
    given, legal = _words(field, words), tuple(known)
    unknown = sorted(given - set(legal))
    if unknown:
        message = f"{field} has {', '.join(map(repr, unknown))}; it may be {', '.join(legal)}"
        raise ValueError(message)
    return given
