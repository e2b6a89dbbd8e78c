"""The steps that need state: what they send, count and reject, and that an error in the middle hurts no other record."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from detector.core.correlation.articles import ArticleMemory
from detector.core.correlation.correlator import Correlator
from detector.core.correlation.families import Families
from detector.core.correlation.key import key_bytes
from detector.core.correlation.rules import Rules
from detector.core.correlation.step import Step
from detector.core.eventtypes import EventType
from detector.core.records import Article, Detection, Retraction, Withdrawal
from detector.core.wire import decode_alert, decode_event, decode_finding, encode_detection
from detector.errors import SettingsError
from detector.settings import CorrelationSettings, Settings, TopicSettings, WindowSettings, WorkerSettings
from detector.stream.correlating import correlated, rules_of, with_past, without_superseded
from detector.stream.messages import Incoming, Outcome, Outgoing
from detector.stream.outcomes import one_by_one_on_error
from tests.support.records import DETECTION, NOON

SETTINGS = Settings(
    topics=TopicSettings(articles="in", detections="seen", alerts="out", events="now", rejected="bad"),
    worker=WorkerSettings(group="g"),
)


class Correlators:
    """One correlator for all partitions."""

    def __init__(self) -> None:
        self.correlator = Correlator(Rules(), Families({}, frozenset()))
        self.rebuilt = 0

    def of(self, partition: int) -> Correlator:
        """Return it."""
        assert partition == 3
        return self.correlator

    def rebuild(self, partition: int) -> None:
        """Make it anew."""
        assert partition == 3
        self.rebuilt += 1
        self.correlator = Correlator(Rules(), Families({}, frozenset()), dict(self.correlator.entries))


def record(value: bytes | None, offset: int = 0, topic: str = "seen") -> Incoming:
    """One record."""
    return Incoming(topic=topic, partition=3, offset=offset, timestamp=NOON, key=b"k", value=value)


def step(value: bytes | None, correlators: Correlators | None = None, offset: int = 0) -> Outcome:
    """Correlate one."""
    return correlated(record(value, offset), correlators or Correlators(), SETTINGS)


def by_topic(outcome: Outcome) -> dict[str, list[Outgoing]]:
    """Sort what goes out, in order."""
    found: dict[str, list[Outgoing]] = {}
    for item in outcome.outgoing:
        found.setdefault(item.topic, []).append(item)
    return found


def test_a_detection_opens_an_event_and_is_told() -> None:
    outcome = step(encode_detection(DETECTION))
    sent = by_topic(outcome)
    assert list(sent) == ["g-events-changelog", "out", "now"]
    (alert,), (event,), (entry,) = sent["out"], sent["now"], sent["g-events-changelog"]
    told = decode_alert(alert.value or b"")
    assert alert.key == event.key == entry.key == told.event_id.encode()
    assert (alert.partition, event.partition, entry.partition) == (None, None, 3)
    assert decode_event(event.value or b"").alerts == (told.alert_id,)
    assert told.evidence[0].article_id == DETECTION.article_id
    assert outcome.counts == {
        ("correlated", "ceasefire", "opened"): 1,
        ("alerts", "ceasefire", "alert"): 1,
        ("alerts_by_country", "ceasefire", "SY"): 1,
    }
    assert (outcome.alerted, outcome.alerted_published) == ((NOON,), (NOON,))


def test_the_same_detection_again_is_told_again_and_counted_as_repeated() -> None:
    correlators = Correlators()
    first, again = step(encode_detection(DETECTION), correlators), step(encode_detection(DETECTION), correlators)
    assert again.outgoing == first.outgoing
    assert again.counts == {("correlated", "ceasefire", "repeated"): 1}
    assert (again.alerted, again.alerted_published) == ((), ())


def test_an_article_without_a_broker_time_is_not_measured_end_to_end() -> None:
    assert step(encode_detection(replace(DETECTION, ingested_at=None))).alerted == ()


@pytest.mark.parametrize("value", [None, b"", b"{", b"[]", b'{"schema_version":9}', b'{"schema_version":1}', b"\xff"])
def test_what_is_no_detection_becomes_a_dead_letter(value: bytes | None) -> None:
    outcome = step(value, offset=7)
    (letter,) = outcome.outgoing
    assert (letter.topic, letter.key, letter.value) == ("bad", b"k", value)
    assert dict(letter.headers)["detector.topic"] == b"seen"
    assert outcome.rejected is not None


@pytest.mark.parametrize("change", [{"status": 5}, {"evidence": [{}]}, {"confidence": None}, {"why": [[1]]}], ids=repr)
def test_no_detection_however_odd_raises_out_of_the_agent(change: dict[str, object]) -> None:
    odd = json.dumps(json.loads(encode_detection(DETECTION)) | change).encode()
    values = [encode_detection(DETECTION), odd, b"[" * 99_999]
    correlators = Correlators()

    def work(records: Sequence[Incoming]) -> list[Outcome]:
        return [correlated(item, correlators, SETTINGS) for item in records]

    records = [record(value, offset) for offset, value in enumerate(values)]
    first, _, deep = one_by_one_on_error(work, records, rejected_topic="bad")
    assert first.rejected is None
    assert deep.rejected is not None


def test_an_error_of_the_core_rebuilds_the_correlator_and_rejects_one_record_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What came before in the batch is told all the same, once."""
    correlators = Correlators()
    process = Correlator.process

    def fragile(self: Correlator, finding: Detection | Retraction, value: bytes | None = None) -> Step:
        if finding.article_id == "bad":
            raise RuntimeError("the core cannot bear this")
        return process(self, finding, value)

    def work(records: Sequence[Incoming]) -> list[Outcome]:
        return [correlated(item, correlators, SETTINGS) for item in records]

    monkeypatch.setattr(Correlator, "process", fragile)
    bad = replace(DETECTION, article_id="bad", detection_id="b" * 32)
    after = replace(DETECTION, article_id="after", detection_id="a" * 32, outlet="Southern Wire")
    values = [encode_detection(item) for item in (DETECTION, bad, after)]
    outcomes = one_by_one_on_error(work, [record(v, n) for n, v in enumerate(values)], rejected_topic="bad")
    assert [outcome.rejected is not None for outcome in outcomes] == [False, True, False]
    assert correlators.rebuilt == 2
    assert len(by_topic(outcomes[0])["out"]) == 1
    assert len(correlators.correlator) == 1


def seen(article_id: str, *detections: Detection) -> Outcome:
    """What the detect agent found in an article."""
    outgoing = tuple(Outgoing(topic="seen", key=key_bytes(item), value=b"{}") for item in detections)
    return Outcome(outgoing=outgoing, article=Article(id=article_id, text="x"), counts={("articles",): 1})


def test_an_article_without_a_past_and_without_a_finding_is_not_with_past() -> None:
    memory = ArticleMemory(Rules())
    for outcome in (seen("a"), Outcome(withdrawal=Withdrawal(article_id="a")), Outcome()):
        assert with_past(record(b"", topic="in"), outcome, memory, SETTINGS) is outcome


def test_what_an_edit_takes_back_is_retracted_and_counted() -> None:
    memory = ArticleMemory(Rules())
    first = with_past(record(b"", 1, "in"), seen("a", DETECTION), memory, SETTINGS)
    assert [(item.topic, item.partition) for item in first.outgoing] == [("g-articles-changelog", 3), ("seen", None)]
    moved = replace(DETECTION, type=EventType.EVACUATION)
    second = with_past(record(b"", 2, "in"), seen("a", moved), memory, SETTINGS)
    entry, detection, retraction = second.outgoing
    assert (entry.topic, detection.key, retraction.key) == ("g-articles-changelog", b"evacuation|SY", b"ceasefire|SY")
    finding = decode_finding(retraction.value or b"")
    assert isinstance(finding, Retraction)
    assert (finding.article_id, finding.revision, finding.reason) == ("a", 2, "edited")
    assert second.counts == {("articles",): 1, ("retractions", "edited"): 1}
    gone = with_past(record(None, 3, "in"), Outcome(withdrawal=Withdrawal(article_id="a")), memory, SETTINGS)
    assert {item.key for item in gone.outgoing if item.topic == "seen"} == {b"evacuation|SY", b"ceasefire|SY"}


def test_of_several_states_of_an_event_in_a_batch_the_last_is_written() -> None:
    """What is told stays; what the changelog then holds is what it would hold anyway."""
    correlators = Correlators()
    values = [
        encode_detection(
            replace(DETECTION, article_id=f"a{n}", detection_id=f"{n:032d}", outlet=f"Outlet {n}", revision=n)
        )
        for n in range(6)
    ]
    outcomes = [step(value, correlators, offset) for offset, value in enumerate(values)]
    kept = without_superseded(outcomes, SETTINGS)
    assert len(kept) == len(outcomes)
    whole, short = ([item for outcome in some for item in outcome.outgoing] for some in (outcomes, kept))
    assert [i for i in short if i.topic == "out"] == [i for i in whole if i.topic == "out"] != []
    for topic in ("g-events-changelog", "now"):
        assert [i for i in short if i.topic == topic] == [[i for i in whole if i.topic == topic][-1]]


def test_nothing_is_left_out_across_a_journal_record() -> None:
    """It was written so that a change of several events is found whole after a crash."""
    log = [b"A", b"B", b"journal|ceasefire|SY", b"A", b"B", b"journal|ceasefire|SY", b"A"]
    batch = [
        Outcome(outgoing=(Outgoing(topic="g-events-changelog", key=key, value=b"%d" % n),)) for n, key in enumerate(log)
    ]
    kept = [item.value for outcome in without_superseded(batch, SETTINGS) for item in outcome.outgoing]
    assert kept == [b"0", b"1", b"2", b"3", b"4", b"5", b"6"]
    assert without_superseded(batch[3:5] + batch[:2], SETTINGS)[0].outgoing == ()


def test_windows_are_settings() -> None:
    rules = rules_of(CorrelationSettings(atrocity=WindowSettings(gap_days=2, span_days=5)))
    assert rules.of(EventType.ATROCITY).gap == timedelta(days=2)
    assert rules.of(EventType.ATROCITY).span == timedelta(days=5)
    assert rules.of(EventType.ATROCITY).quiet == Rules().of(EventType.ATROCITY).quiet
    assert rules.of(EventType.CEASEFIRE) == Rules().of(EventType.CEASEFIRE)
    with pytest.raises(SettingsError, match="CEASEFIRE__QUIET_DAYS must be at least twice GAP_DAYS"):
        rules_of(CorrelationSettings(ceasefire=WindowSettings(quiet_days=8)))
