"""A detection as the support of an event: what is compared, worked out once."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from detector.core import wire
from detector.core.correlation.copies import read_sample
from detector.core.correlation.families import Families
from detector.core.correlation.vector import Vector
from detector.core.records import Comparison, Detection, Sketch, Unit

UNITS: Final[tuple[Unit, ...]] = ("dead", "wounded", "evacuated")
_WHY: Final = "why_merged"
_SHARED_BY_COPIES: Final = ("title", "outlet", "evidence", "why", "place", "model", "quantities")
_WORKED_OUT: Final = ("figures", "dead", "words", "vector", "sample")
_NO_SKETCH: Final = Sketch()
_SMALL_FIGURE: Final = 4
"""Up to so many dead or moved is no figure that two accounts can be recognised by."""

_RENEWED: Final = re.compile(
    r"\b(?:new|renewed?|renewal|second|third|another|fresh|again|re-?established?|restored?|revived?|reinstated?|resumed?|latest)\b"
)
_OFFICIAL: Final = re.compile(
    r"\b(?:U\.?N\.?|United Nations|UNICEF|UNHCR|OCHA|Red Cross|Red Crescent|court|tribunal|commission of inquiry|investigators|"
    r"ministry|minister|government|president|governor|mayor|police|authorities|officials?|sheriff|army|military|"
    r"White House|State Department|Pentagon|Kremlin|NATO|FEMA)\b[^.;]{0,60}?\b(?:confirm(?:s|ed)|announc(?:es|ed)|"
    r"declar(?:es|ed)|order(?:s|ed)|determin(?:es|ed)|verif(?:ies|ied)|sign(?:s|ed)|conclud(?:es|ed)|found that)\b"
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Support:
    """One article's detection, and why it was put where it is. Two are equal only when they are one object."""

    article_id: str
    """The detection's: there is one support an article and event type."""
    detection: Detection
    """Without its sketch, of which the fields below hold what is needed: there may be a hundred of them in one event."""
    why_merged: Comparison | None
    seen_at: datetime
    """Data time: published, else ingested, else detected."""
    day: int | None
    """Day (ordinal) that the news is about as far as is known: the one that the text states, else that of publication."""
    source: str | None
    official: bool
    renews: bool
    """The words speak of a truce as a new one."""
    encoded: bytes
    """The support as it stands in an entry."""
    figures: frozenset[tuple[Unit, int]]
    dead: frozenset[int]
    """Every toll that the evidence states."""
    words: str
    """The terms, heaviest first, a line each."""
    vector: Vector
    sample: bytes
    """For telling copies."""

    @property
    def order(self) -> tuple[datetime, str]:
        """Place in the order of data time; ids break ties, so that the order is the same whatever came first."""
        return self.seen_at, self.detection.detection_id


def support_of(
    detection: Detection, families: Families, why_merged: Comparison | None = None, value: bytes | None = None
) -> Support:
    """Work out what correlation needs of a detection; the same detection gives the same support.

    `value` are the bytes that the detection was read from, which spares writing it again.
    """
    seen = detection.published_at or detection.ingested_at
    if detection.published_at and detection.ingested_at:
        seen = min(detection.published_at, detection.ingested_at)  # nothing is published after it was received
    stated = detection.sketch.stated_on
    day = stated.toordinal() if stated else seen.date().toordinal() if seen else None
    words = " ".join([detection.title or "", *(item.sentence for item in detection.evidence)])
    figures = {(item.unit, item.value) for item in detection.quantities if item.value > _SMALL_FIGURE}
    vector = Vector.of(detection.sketch.terms)
    text = (value or wire.encode_detection(detection)).decode("utf-8")
    outline = (detection.article_id, detection.revision, day, list(vector.buckets), list(vector.weights))
    return Support(
        article_id=detection.article_id,
        detection=replace(detection, sketch=_NO_SKETCH),
        why_merged=why_merged,
        seen_at=seen or detection.detected_at,
        day=day,
        source=families.source(detection.outlet, detection.url, detection.sketch.agency),
        official=families.is_official(detection.outlet, detection.url) or _OFFICIAL.search(words) is not None,
        renews=_RENEWED.search(words.lower()) is not None,
        encoded=wire.dump({"detection": text, "outline": outline, _WHY: why_merged}),
        figures=frozenset(figures),
        dead=frozenset(value for unit, value in figures if unit == "dead"),
        words="\n".join(term.term for term in detection.sketch.terms),
        vector=vector,
        sample=read_sample(detection.sketch.copies),
    )


def sharing(support: Support, other: Support) -> Support:
    """Return a support that holds what it has in common with another one only once, as copies of one text do."""
    mine, theirs = support.detection, other.detection
    same = {name: getattr(theirs, name) for name in _SHARED_BY_COPIES if getattr(mine, name) == getattr(theirs, name)}
    worked_out = {name: getattr(other, name) for name in _WORKED_OUT if getattr(support, name) == getattr(other, name)}
    return replace(support, detection=replace(mine, **same), **worked_out)


def explained(support: Support, why_merged: Comparison | None) -> Support:
    """Return a support with the reason why it was put where it is."""
    if why_merged == support.why_merged:
        return support
    # Within strings quotes are escaped, so that the last such name is the field's.
    before = support.encoded[: support.encoded.rindex(f',"{_WHY}":'.encode("ascii"))]
    return replace(
        support, why_merged=why_merged, encoded=before + b"," + wire.dump({_WHY: why_merged}).removeprefix(b"{")
    )
