"""Whatever the order, however often, wherever it is cut off: the same events, and nothing told twice."""

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from datetime import timedelta
from functools import cache
from itertools import combinations
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.core import wire
from detector.core.correlation.correlator import Correlator
from detector.core.correlation.families import Families
from detector.core.correlation.pairs import alike_pairs
from detector.core.correlation.relation import apart, near_in_time, similarity
from detector.core.correlation.rules import DEFAULTS, Rules
from detector.core.correlation.sampling import sample_text
from detector.core.correlation.step import Message
from detector.core.correlation.summary import summarise
from detector.core.correlation.support import explained, support_of
from detector.core.eventtypes import STATUSES, EventType
from detector.core.ids import content_id
from detector.core.records import Alert, Detection, Evidence, Place, Quantity, Retraction, Sketch, Term
from tests.support.records import DETECTION, NOON

FAMILIES: Final = Families({}, frozenset())
PLACES: Final = (
    Place(name="Northtown", country="SY", lat=36.2, lon=37.2, precision="city"),
    Place(name="Southtown", country="SY", lat=32.6, lon=36.1, precision="city"),
    Place(name="Syria", country="SY", lat=35.0, lon=38.0, precision="country"),
)
STORIES: Final = (
    "market bomb fruit stalls sellers dawn helicopter",
    "market bomb hospital ward nurses night aircraft",
    "truce convoy flour mediators bridge noon river",
    "truce prisoners exchange mediators hotel lake signing",
)
Record = Detection | Retraction


@st.composite
def found(draw: st.DrawFn, kinds: Sequence[EventType] = (EventType.CEASEFIRE, EventType.ATROCITY)) -> Detection:
    """A detection of some story, day, place and status; articles may come again with other content."""
    kind = draw(st.sampled_from(kinds))
    article = f"article-{draw(st.integers(0, 11))}"
    words = draw(st.sampled_from(STORIES)).split()
    words = words[draw(st.integers(0, 3)) :] + draw(st.sampled_from(STORIES)).split()[: draw(st.integers(0, 3))]
    sentence = draw(st.sampled_from(("A new truce.", "A truce.", "The army announced it.", "It was so.")))
    dead = draw(st.none() | st.sampled_from((3, 7, 22, 140)))
    # Numbered by what it says, as one revision of an article says one thing.
    detection = replace(
        DETECTION,
        article_id=article,
        type=kind,
        status=draw(st.sampled_from(STATUSES[kind])),
        confidence=draw(st.sampled_from((0.6, 0.7, 0.9))),
        outlet=draw(st.sampled_from(("Alpha", "Beta", "Gamma", None))),
        url=None,
        evidence=(Evidence(field="text", start=0, end=len(sentence), sentence=sentence, confidence=0.9),),
        place=draw(st.sampled_from(PLACES)),
        published_at=NOON + timedelta(hours=draw(st.integers(0, 200))),
        ingested_at=NOON + timedelta(days=9),
        detected_at=NOON + timedelta(days=9),
        quantities=(Quantity(unit="dead", value=dead, bound="exact", field="text", start=0, end=1),) if dead else (),
        sketch=sketched(tuple(words)),
    )
    return replace(detection, detection_id=content_id("test", article, kind))


@cache
def sketched(words: tuple[str, ...]) -> Sketch:
    """Sketch a text of these words; few differ, and sampling a text costs more than the rest of a detection."""
    return Sketch(
        terms=tuple(Term(term=word, weight=255 - 9 * rank) for rank, word in enumerate(dict.fromkeys(words))),
        copies=sample_text(" ".join(words * 3)),
    )


def numbered(detections: Iterable[Detection]) -> list[Detection]:
    """Give each article's versions their revisions, in the order given."""
    return [replace(item, revision=number) for number, item in enumerate(detections)]


def run(records: Iterable[Record], correlator: Correlator | None = None) -> tuple[Correlator, list[bytes]]:
    """Process records; return the correlator and all alerts."""
    correlator = correlator or Correlator(Rules(), FAMILIES)
    alerts = [value for record in records for _, value in correlator.process(record).alerts if value is not None]
    return correlator, alerts


def events(correlator: Correlator) -> set[tuple[object, ...]]:
    """What is known at the end, apart from ids and threads, which tell who was told what when."""
    known: set[tuple[object, ...]] = set()
    for event_id in correlator.entries:
        supports = correlator.entry(event_id).supports
        if supports:
            bare = tuple(explained(item, None) for item in supports)
            summary = summarise(bare)
            told = tuple(getattr(summary, field.name) for field in fields(summary) if field.name != "best")
            known.add((tuple(item.encoded for item in bare), summary.best.encoded, told))
    return known


GIVEN: Final = st.lists(found(), min_size=1, max_size=14).map(numbered)


@settings(max_examples=120, deadline=None)
@given(st.lists(found(), min_size=1, max_size=14, unique_by=lambda detection: detection.article_id))
def test_many_are_compared_at_once_as_any_two_are(detections: list[Detection]) -> None:
    for kind in EventType:
        rules = DEFAULTS[kind]
        supports = [support_of(detection, FAMILIES) for detection in detections if detection.type is kind]
        expected = [
            (-similarity(one, other), one.article_id, other.article_id)
            for one, other in combinations(supports, 2)
            if one.vector.dot(other.vector) and near_in_time(one, other, rules) and not apart(one, other, rules)
        ]
        pairs = [(supports[one].article_id, supports[other].article_id) for one, other in alike_pairs(supports, rules)]
        assert pairs == [(one, other) for score, one, other in sorted(expected) if -score >= rules.alike]


@settings(max_examples=120, deadline=None)
@given(GIVEN, st.randoms(use_true_random=False))
def test_the_final_events_do_not_depend_on_the_order_of_arrival(detections: list[Detection], chance: object) -> None:
    shuffled = list(detections)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis' Random
    assert events(run(detections)[0]) == events(run(shuffled)[0])


@pytest.mark.parametrize("rules", [Rules(), Rules(most_supports=1)], ids=["roomy", "cramped"])
@settings(max_examples=120, deadline=None)
@given(GIVEN, st.lists(st.tuples(st.integers(0, 13), st.integers(0, 13)), max_size=20))
def test_duplicates_change_nothing_and_tell_nothing_new(
    rules: Rules, detections: list[Detection], repeats: list[tuple[int, int]]
) -> None:
    """A record is put again at any later place, any number of times; also where an event has forgotten its article."""
    once, alerts = run(detections, Correlator(rules, FAMILIES))
    records: list[Detection] = []
    for number, item in enumerate(detections):
        records.append(item)
        records += [detections[min(number, which)] for which, after in repeats if after == number]
    again, repeated = run(records, Correlator(rules, FAMILIES))
    assert dict(again.entries) == dict(once.entries)
    assert list(dict.fromkeys(repeated)) == alerts


@settings(max_examples=60, deadline=None)
@given(GIVEN)
def test_a_record_processed_again_gives_the_alerts_that_it_once_caused(detections: list[Detection]) -> None:
    correlator = Correlator(Rules(), FAMILIES)
    caused = [(item, correlator.process(item).alerts) for item in detections]
    for item, alerts in caused:
        assert correlator.process(item).alerts == alerts


@settings(max_examples=60, deadline=None)
@given(GIVEN, st.data())
def test_what_is_retracted_leaves_no_trace_in_the_events(detections: list[Detection], data: st.DataObject) -> None:
    """Retracting an article gives the events of the others, as if it had never come."""
    gone = data.draw(st.sampled_from(sorted({item.article_id for item in detections})))
    retractions = [
        Retraction(article_id=gone, type=kind, country="SY", revision=100, reason="withdrawn", ingested_at=NOON)
        for kind in EventType
    ]
    correlator, _ = run([*detections, *retractions])
    assert events(correlator) == events(run(item for item in detections if item.article_id != gone)[0])


@settings(max_examples=60, deadline=None)
@given(GIVEN, st.data())
def test_a_changelog_that_ends_anywhere_gives_a_whole_state(detections: list[Detection], data: st.DataObject) -> None:
    """The worker dies while it writes a step; the record is processed again on what was written."""
    whole, alerts = run(detections)
    died_at = data.draw(st.integers(0, len(detections) - 1))
    changelog: dict[str, bytes] = {}
    correlator = Correlator(Rules(), FAMILIES)
    told: list[bytes] = []
    for item in detections[:died_at]:
        step = correlator.process(item)
        write(changelog, step.entries)
        told += [value for _, value in step.alerts if value]
    step = correlator.process(detections[died_at])
    write(changelog, step.entries[: data.draw(st.integers(0, len(step.entries)))])
    restored = Correlator(Rules(), FAMILIES, changelog)
    for item in detections[died_at:]:
        step = restored.process(item)
        write(changelog, step.entries)
        told += [value for _, value in step.alerts if value]
    assert told == alerts
    assert dict(restored.entries) == dict(whole.entries)
    assert dict(Correlator(Rules(), FAMILIES, changelog).entries) == dict(whole.entries)


@pytest.mark.parametrize("rules", [Rules(), Rules(most_supports=2, most_alerts=1)], ids=["roomy", "cramped"])
@settings(max_examples=120, deadline=None)
@given(GIVEN, st.lists(st.tuples(st.integers(0, 11), st.integers(1, 40)), max_size=6))
def test_what_is_kept_up_to_date_is_what_a_restart_finds(
    rules: Rules, detections: list[Detection], withdrawn: list[tuple[int, int]]
) -> None:
    """The ways to find events, step by step, against those that are rebuilt from the entries; also where an event is full."""
    retractions = [
        Retraction(
            article_id=f"article-{n}", type=kind, country="SY", revision=at, reason="withdrawn", ingested_at=NOON
        )
        for n, at in withdrawn
        for kind in (EventType.CEASEFIRE, EventType.ATROCITY)
    ]
    records: list[Record] = sorted([*detections, *retractions], key=lambda record: record.revision)
    correlator = Correlator(rules, FAMILIES)
    for record in records:
        correlator.process(record)
        assert found_by(correlator) == found_by(Correlator(rules, FAMILIES, dict(correlator.entries)))


def found_by(correlator: Correlator) -> tuple[object, ...]:
    """What a correlator finds its events by."""
    kept = correlator._kept
    return (
        {name: (seen.revision, seen.home, frozenset(seen.events)) for name, seen in kept.seen.items()},
        {event_id: rivals for event_id, rivals in kept._rivals.items() if rivals},
        {kind: dict(ages) for kind, ages in kept._by_age.items()},
        {
            (*day, article): (
                {
                    int(bucket): int(weight)
                    for bucket, weight in zip(block.buckets[row], block.weights[row], strict=True)
                    if weight
                },
                block.squares[row],
            )
            for day, block in kept.index._blocks.items()
            for row, article in enumerate(block.articles)
        },
    )


@settings(max_examples=60, deadline=None)
@given(GIVEN)
def test_no_event_holds_two_towns_or_more_days_than_its_type_can_last(detections: list[Detection]) -> None:
    correlator, _ = run(detections)
    for event_id in correlator.entries:
        supports = correlator.entry(event_id).supports
        towns = {item.detection.place.name for item in supports if item.detection.place} - {"Syria"}
        days = [item.day for item in supports if item.day is not None]
        assert len(towns) <= 1
        assert not days or max(days) - min(days) <= Rules().of(supports[0].detection.type).span.days


@settings(max_examples=60, deadline=None)
@given(GIVEN)
def test_each_thread_counts_up_and_ends_as_the_event_does(detections: list[Detection]) -> None:
    """What was told last of every event is what is known of it, and every alert was told once."""
    correlator, alerts = run(detections)
    threads: dict[str, list[Alert]] = {}
    for value in alerts:
        alert = wire.decode_alert(value)
        threads.setdefault(alert.event_id, []).append(alert)
    assert threads.keys() == correlator.entries.keys()
    for event_id, thread in threads.items():
        entry = correlator.entry(event_id)
        assert [alert.sequence for alert in thread] == list(range(len(thread)))
        assert (thread[-1].message_type == "cancel") is (not entry.supports)
        if entry.supports:
            known = summarise(entry.supports)
            last = thread[-1]
            assert (last.status, last.certainty, last.severity) == (known.status, known.certainty, known.severity)


def write(changelog: dict[str, bytes], messages: Iterable[Message]) -> None:
    """Apply messages as a compacted topic does."""
    for key, value in messages:
        changelog.pop(key, None)
        if value is not None:
            changelog[key] = value
