"""The correlator's state: bounded, restorable, and clear about what it decided; and the contract for changed articles."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from detector.core import wire
from detector.core.correlation import kept
from detector.core.correlation.correlator import Correlator
from detector.core.correlation.entry import EntryError
from detector.core.correlation.families import Families
from detector.core.correlation.kept import JOURNAL
from detector.core.correlation.rules import DEFAULTS, Rules
from detector.core.eventtypes import EventType
from detector.core.ids import content_id
from detector.core.records import Detection, Place, Retraction, Sketch, Term
from tests.support.records import DETECTION, NOON

FAMILIES = Families({}, frozenset())
MALI = Place(name="Mali", country="ML", lat=17.0, lon=-4.0, precision="country")


def detection(article: str, words: str = "truce aleppo buses", **changes: object) -> Detection:
    """A detection of an article, told by its words."""
    return replace(
        DETECTION,
        article_id=article,
        detection_id=content_id(article),
        sketch=Sketch(terms=tuple(Term(word, 200) for word in words.split())),
        **changes,  # type: ignore[arg-type]  # a test's shorthand
    )


def later(days: float, item: Detection) -> Detection:
    """The same, some days on."""
    moment = NOON + timedelta(days=days)
    return replace(item, published_at=moment, ingested_at=moment)


def test_each_decision_says_why() -> None:
    correlator = Correlator(Rules(), FAMILIES)
    first = correlator.process(detection("a"))
    assert (first.decision.kind, first.decision.why_merged) == ("opened", None)
    second = correlator.process(detection("b", "truce aleppo flour"))
    assert second.decision.kind == "joined" and second.decision.event_id == first.decision.event_id
    why = second.decision.why_merged
    assert why is not None
    assert (why.article_id, set(why.terms), why.figures) == ("a", {"truce", "aleppo"}, ("dead 14",))
    assert (why.days, why.kilometres) == (0, 0)
    assert correlator.process(detection("b", "truce aleppo flour")).decision.kind == "repeated"
    event = wire.decode_event(second.events[-1].value or b"")
    assert [item.why_merged for item in event.supports] == [None, why]


def test_a_retraction_of_something_unknown_is_said_to_be_so() -> None:
    step = Correlator(Rules(), FAMILIES).process(
        Retraction(
            article_id="a", type=EventType.CEASEFIRE, country="SY", revision=1, reason="edited", ingested_at=NOON
        )
    )
    assert (step.decision.kind, step.alerts, step.entries) == ("unknown", (), ())


def test_events_are_forgotten_after_their_quiet_period_and_memory_is_bounded() -> None:
    """A year of one event a day never holds more than the quiet period's."""
    quiet = DEFAULTS[EventType.CEASEFIRE].quiet
    assert quiet is not None
    correlator = Correlator(Rules(), FAMILIES)
    expired: list[str] = []
    for day in range(365):
        step = correlator.process(later(day, detection(f"a{day}", f"word{day} other{day}")))
        expired += step.expired
        assert all(step.entries[number].value is None for number in range(len(step.expired)))
        assert {message.key for message in step.events if message.value is None} == set(step.expired)
        assert len(correlator) <= quiet.days + 1
    assert len(expired) == len(set(expired)) == 365 - len(correlator)
    state = correlator._kept
    assert len(state.seen) == len(correlator)
    assert sum(len(block.articles) for block in state.index._blocks.values()) == len(correlator)
    assert len(state._recent) <= len(correlator)


def test_only_so_many_articles_are_held_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Events in all the news cost memory by their articles: those not asked for lately are held as bytes alone."""
    monkeypatch.setattr(kept, "_RECENT", 20)
    correlator = Correlator(Rules(), FAMILIES)
    for number in range(60):
        story = number % 6
        words = f"story{story} town{story} word{story}"
        correlator.process(later(number / 100, detection(f"a{number}", words, revision=number)))
        held = [len(recent.entry.supports) for recent in correlator._kept._recent.values()]
        assert sum(held) <= 20
        assert correlator._kept._recent_size == sum(held) + len(held)
    assert {len(correlator.entry(event_id).supports) for event_id in correlator.entries} == {10}


def test_an_article_that_an_edit_moves_opens_an_event_of_its_own_there() -> None:
    """Both keys may meet in one partition, and what was told in the one must not stand for what is told in the other."""
    correlator = Correlator(Rules(), FAMILIES)
    taken_back = Retraction(
        article_id="a", type=EventType.CEASEFIRE, country="SY", revision=2, reason="moved", ingested_at=NOON
    )
    steps = [
        correlator.process(detection("a", revision=1)),
        correlator.process(taken_back),
        correlator.process(detection("a", revision=3, place=MALI)),
        correlator.process(detection("b", revision=4, place=MALI)),
    ]
    there, here = steps[0].decision.event_id, steps[2].decision.event_id
    assert here != there
    assert [step.decision.event_id for step in steps] == [there, there, here, here]
    assert [alert.message_type for step in steps[:3] for alert in step.told] == ["alert", "cancel", "alert"]
    told = [alert.alert_id for step in steps for alert in step.told]
    assert len(set(told)) == len(told)
    assert correlator.entry(here or "").key == "ceasefire|ML"


def test_a_wrong_date_in_the_future_forgets_nothing() -> None:
    correlator = Correlator(Rules(), FAMILIES)
    correlator.process(detection("a"))
    wrong = replace(detection("b", "other words"), published_at=NOON + timedelta(days=4000))
    assert correlator.process(wrong).expired == ()


def test_an_event_in_all_the_news_keeps_its_first_and_latest_articles_and_counts_the_others() -> None:
    rules = Rules(most_supports=10)
    correlator = Correlator(rules, FAMILIES)
    for number in range(30):
        correlator.process(later(number / 100, detection(f"a{number}", outlet=f"Outlet {number}", revision=number)))
    (event_id,) = correlator.entries
    entry = correlator.entry(event_id)
    assert [item.article_id for item in entry.supports] == ["a0", *(f"a{number}" for number in range(21, 30))]
    assert len(entry.surplus) == 20
    event = wire.decode_event(
        correlator.process(detection("a3", outlet="Outlet 3", revision=3)).events[-1].value or b""
    )
    assert event.articles == 30
    withdrawn = Retraction(
        article_id="a3", type=EventType.CEASEFIRE, country="SY", revision=99, reason="withdrawn", ingested_at=None
    )
    event = wire.decode_event(correlator.process(withdrawn).events[-1].value or b"")
    assert event.articles == 29
    assert correlator.process(withdrawn).decision.kind == "repeated"


def test_a_thread_without_end_keeps_its_latest_alerts_and_counts_on() -> None:
    """A truce that is broken and holds again for weeks: the record stays small, the sequence goes on."""
    correlator = Correlator(Rules(most_alerts=5), FAMILIES)
    alerts = []
    for number in range(20):
        status = "violated" if number % 2 else "in_force"
        step = correlator.process(later(number / 10, detection(f"a{number}", status=status, outlet="Alpha")))
        alerts += [wire.decode_alert(message.value or b"") for message in step.alerts]
    assert [alert.sequence for alert in alerts] == list(range(20))
    assert [alert.references for alert in alerts[1:]] == [(alert.alert_id,) for alert in alerts[:-1]]
    (event_id,) = correlator.entries
    entry = correlator.entry(event_id)
    assert (len(entry.told), entry.forgotten, entry.outlets_told) == (5, 15, 1)
    assert len(wire.decode_event(step.events[-1].value or b"").alerts) == 20


def test_the_second_model_that_sees_a_revision_tells_nothing_new() -> None:
    """While models are exchanged, an article may be detected in twice, under two detection ids."""
    correlator = Correlator(Rules(), FAMILIES)
    first = correlator.process(detection("a"))
    second = correlator.process(replace(detection("a"), detection_id="f" * 32, status="violated"))
    assert second.decision.kind == "repeated"
    assert second.alerts == first.alerts
    assert dict(second.entries) == dict(first.entries)


def test_state_of_another_format_is_refused() -> None:
    with pytest.raises(EntryError, match="format 9"):
        Correlator(Rules(), FAMILIES, {"e": json.dumps({"format": 9}).encode()})


def test_a_step_of_several_events_is_written_behind_a_journal() -> None:
    """One record holds all of it, so that no changelog ends between two halves of a merge."""
    correlator = Correlator(Rules(), FAMILIES)
    correlator.process(detection("a", "one two three four"))
    correlator.process(detection("b", "five six seven eight"))
    assert len(correlator) == 2
    step = correlator.process(detection("c", "one two three five six seven"))
    assert step.decision.merged
    assert [message.key.startswith(JOURNAL) for message in step.entries] == [True, False, False, True]
    assert step.entries[-1].value is None
    alone = {step.entries[0].key: step.entries[0].value or b""}
    assert dict(Correlator(Rules(), FAMILIES, alone).entries) == dict(correlator.entries)


def test_entries_are_the_same_bytes_after_a_restart() -> None:
    correlator = Correlator(Rules(), FAMILIES)
    for number in range(5):
        correlator.process(detection(f"a{number}", status="violated" if number == 3 else "agreed"))
    restored = Correlator(Rules(), FAMILIES, dict(correlator.entries))
    assert dict(restored.entries) == dict(correlator.entries)
    next_one = detection("next", revision=9)
    after, without = restored.process(next_one), correlator.process(next_one)
    assert (after.entries, after.alerts, after.events) == (without.entries, without.alerts, without.events)
    assert (after.told, after.decision, after.expired) == (without.told, without.decision, without.expired)
