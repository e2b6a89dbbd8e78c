"""Made-up articles of which it is known what they report: many events of every type, each told by several outlets."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

from detector.core.correlation.correlator import Correlator
from detector.core.correlation.rules import Rules
from detector.core.parsing import parse_article
from detector.core.records import Article
from detector.core.wire import decode_event
from detector.loading import load_detector, load_families

TOWNS: Final = (
    *("Aleppo", "Bogota", "Kyiv", "Juba", "Kabul", "Tripoli", "Baghdad", "Beirut", "Khartoum", "Mogadishu", "Bamako"),
    *(
        "Bangui",
        "Colombo",
        "Manila",
        "Yangon",
        "Sarajevo",
        "Grozny",
        "Tbilisi",
        "Dili",
        "Monrovia",
        "Freetown",
        "Luanda",
    ),
)
"""Each in a country of its own but for two, so that keys spread over the partitions."""

_TEXTS: Final = (
    "The government and the rebels agreed a ceasefire in {town} on Thursday. Both sides signed the truce before noon.",
    "The ceasefire in {town} between the army and the rebels came into force at midnight, commanders of both sides said.",
    "Buses began to carry hundreds of civilians out of {town} on Thursday as the evacuation of the town got under way.",
    "The evacuation of civilians from {town} was under way, 300 people taken out by buses and ambulances, medics said.",
    "Soldiers executed 40 civilians in their homes in {town}, survivors said. The killings are a massacre, a witness said.",
    "At least 40 civilians were massacred by militiamen in {town}, the UN human rights office reported on Thursday.",
    "Thousands held a candlelight vigil in {town} in solidarity with the victims of the attack.",
    "The city hall of {town} went dark on Thursday night in solidarity with the victims of the attack.",
)
_TYPES: Final = 4
_OUTLETS: Final = (
    "Northern Wire",
    "Evening Post",
    "Radio Six",
    "The Ledger",
    "Harbour News",
    "Daily Witness",
    "Channel Two",
)
_START: Final = datetime(2016, 12, 15, 6, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Thread:
    """What an event comes to, whichever way its articles arrive."""

    type: str
    status: str
    certainty: str
    place: str | None
    articles: int
    independent_outlets: int


def story(number: int) -> dict[str, Any]:
    """Return the article of a number: type and town by it, text, outlet and hour too, so that each event has them all."""
    kind, town = number % _TYPES, number // _TYPES % len(TOWNS)
    telling = number // (_TYPES * len(TOWNS))
    return {
        "id": f"story-{number}",
        "text": _TEXTS[2 * kind + telling % 2].format(town=TOWNS[town]),
        "outlet": _OUTLETS[telling % len(_OUTLETS)],
        "published_at": (_START + timedelta(minutes=telling)).isoformat(),
    }


def records(numbers: range) -> Iterator[tuple[bytes, bytes]]:
    """Give key and value of each article."""
    for number in numbers:
        content = story(number)
        yield content["id"].encode(), json.dumps(content).encode()


@cache
def expected(count: int) -> Mapping[str, frozenset[str]]:
    """Return the types that the shipped model sees in each of the first `count` articles."""
    detector, found = load_detector(), {}
    articles = [item for _, value in records(range(count)) if isinstance(item := parse_article(value), Article)]
    for first in range(0, len(articles), 64):
        batch = articles[first : first + 64]
        for article, answer in zip(batch, detector.classifier.classify(batch), strict=True):
            found[article.id] = frozenset(finding.type.value for finding in answer.findings)
    return found


def expected_threads(count: int) -> list[Thread]:
    """Return what the pure core makes of the first `count` articles, one after the other."""
    detector, correlator = load_detector(), Correlator(Rules(), load_families())
    events: dict[str, bytes] = {}
    for number, (_, value) in enumerate(records(range(count))):
        article = parse_article(value)
        assert isinstance(article, Article)
        ((_, detections),) = detector.detect([article], ingested_at=[None], detected_at=_START, revisions=[number])
        for detection in detections:
            events |= {key: event for key, event in correlator.process(detection).events if event}
    return threads(events.values())


def threads(events: Iterable[bytes]) -> list[Thread]:
    """Read the live ones of some records of the topic of events, in an order of their own."""
    found = [decode_event(value) for value in events]
    return sorted(
        (
            Thread(
                event.type.value,
                event.status,
                event.certainty,
                event.place.name if event.place else None,
                event.articles,
                event.independent_outlets,
            )
            for event in found
            if event.state == "live"
        ),
        key=repr,
    )
