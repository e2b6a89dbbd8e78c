"""The tables that correlation decides by: legal transitions, severity, keys, certainty, and what keeps two detections apart."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from detector.core.correlation.families import Families
from detector.core.correlation.grouping import group
from detector.core.correlation.key import UNLOCATED_BUCKETS, key_bytes, key_of
from detector.core.correlation.lifecycle import TRANSITIONS, current_status, diagram, progress
from detector.core.correlation.relation import OTHER_TOLL, apart, compare, kilometres, similarity
from detector.core.correlation.rules import DEFAULTS
from detector.core.correlation.severity import severity_of
from detector.core.correlation.sources import certainty_of, independent_outlets
from detector.core.correlation.support import Support, support_of
from detector.core.eventtypes import ALL_STATUSES, STATUSES, EventType
from detector.core.records import Detection, Evidence, Place, Quantity, Retraction, Severity, Sketch, Term, Unit
from tests.conftest import REPOSITORY
from tests.support.records import DETECTION, NOON

FAMILIES = Families({"alpha": "house", "beta": "house"}, frozenset(("house of un",)))
ALEPPO = Place(name="Aleppo", country="SY", lat=36.2, lon=37.16, precision="city")
AZAZ = Place(name="Azaz", country="SY", lat=36.59, lon=37.04, precision="city")
DAMASCUS = Place(name="Damascus", country="SY", lat=33.51, lon=36.29, precision="city")
SYRIA = Place(name="Syria", country="SY", lat=35.0, lon=38.0, precision="country")


def support(detection: Detection = DETECTION, **changes: object) -> Support:
    return support_of(replace(detection, **changes), FAMILIES)  # type: ignore[arg-type]  # a test's shorthand


def dead(value: int, unit: Unit = "dead") -> Quantity:
    return Quantity(unit=unit, value=value, bound="exact", field="text", start=0, end=1)


def test_the_table_names_every_status_and_leads_only_within_its_type() -> None:
    assert set(TRANSITIONS) == set(ALL_STATUSES)
    for statuses in STATUSES.values():
        for status in statuses:
            assert TRANSITIONS[status] <= set(statuses) - {status}


@pytest.mark.parametrize("kind", EventType)
def test_every_status_can_be_reached_from_the_first(kind: EventType) -> None:
    reached = {STATUSES[kind][0]}
    for _ in STATUSES[kind]:
        reached |= {after for status in reached for after in TRANSITIONS[status]}
    assert reached == set(STATUSES[kind])


def test_the_readme_draws_the_table() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert f"```mermaid\n{diagram()}```" in readme


def test_the_diagram_shows_every_transition() -> None:
    assert diagram().count("-->") == sum(len(following) for following in TRANSITIONS.values())
    assert "violated --> in_force" in diagram() and "completed --> planned" not in diagram()


@pytest.mark.parametrize(
    ("reports", "status"),
    [
        ("agreed violated agreed", "violated"),
        ("agreed violated in_force extended", "extended"),
        ("agreed collapsed in_force", "collapsed"),
        ("planned underway planned completed", "completed"),
        ("completed underway completed", "completed"),
        ("alleged denied alleged", "denied"),
        ("alleged denied confirmed denied", "confirmed"),
        ("held announced", "held"),
        ("rejected agreed", "agreed"),
    ],
)
def test_what_reports_in_order_come_to(reports: str, status: str) -> None:
    path = progress((NOON + timedelta(hours=n), f"a{n}", report) for n, report in enumerate(reports.split()))
    assert current_status(path) == status
    assert path[0].taken
    assert all(step.taken or step.status not in TRANSITIONS[status] for step in path[-1:])


@pytest.mark.parametrize(
    ("kind", "status", "figures", "severity"),
    [
        (EventType.ATROCITY, "reported", [], None),
        (EventType.ATROCITY, "reported", [dead(4)], "minor"),
        (EventType.ATROCITY, "reported", [dead(5)], "moderate"),
        (EventType.ATROCITY, "reported", [dead(20)], "severe"),
        (EventType.ATROCITY, "alleged", [dead(100)], "extreme"),
        (EventType.ATROCITY, "reported", [dead(100, "wounded")], "severe"),
        (EventType.ATROCITY, "reported", [dead(100_000, "evacuated")], None),
        (EventType.EVACUATION, "underway", [dead(99, "evacuated")], "minor"),
        (EventType.EVACUATION, "underway", [dead(1_000, "evacuated")], "severe"),
        (EventType.EVACUATION, "obstructed", [dead(1_000, "evacuated")], "extreme"),
        (EventType.EVACUATION, "obstructed", [dead(10_000, "evacuated")], "extreme"),
        (EventType.EVACUATION, "obstructed", [], "moderate"),
        (EventType.EVACUATION, "cancelled", [dead(10_000, "evacuated")], "minor"),
        (EventType.EVACUATION, "completed", [dead(50, "evacuated"), dead(30)], "severe"),
        (EventType.EVACUATION, "completed", [], None),
        (EventType.CEASEFIRE, "agreed", [dead(200)], "minor"),
        (EventType.CEASEFIRE, "violated", [], "moderate"),
        (EventType.CEASEFIRE, "violated", [dead(31)], "severe"),
        (EventType.CEASEFIRE, "collapsed", [], "severe"),
        (EventType.SOLIDARITY, "held", [dead(200)], "minor"),
    ],
)
def test_severity(kind: EventType, status: str, figures: list[Quantity], severity: Severity | None) -> None:
    assert severity_of(kind, status, figures) == severity


def test_the_key_is_type_and_country_or_a_stable_bucket() -> None:
    assert key_of(DETECTION) == "ceasefire|SY"
    unlocated = replace(DETECTION, place=None)
    assert key_of(unlocated) == key_of(replace(unlocated, article_id="b", title=None))
    buckets = {key_of(replace(unlocated, sketch=Sketch(terms=(Term(f"word{number}", 255),)))) for number in range(2000)}
    assert len(buckets) == UNLOCATED_BUCKETS
    retraction = Retraction(
        article_id="a", type=DETECTION.type, country="SY", revision=1, reason="edited", ingested_at=None
    )
    assert key_bytes(retraction) == key_bytes(DETECTION)


def test_a_date_later_than_the_arrival_is_not_believed() -> None:
    wrong = support(published_at=NOON + timedelta(days=400), ingested_at=NOON)
    assert wrong.seen_at == NOON


def test_distance_and_time_keep_apart() -> None:
    rules = DEFAULTS[EventType.ATROCITY]
    here = support(type=EventType.ATROCITY, status="reported", place=ALEPPO)
    assert not apart(here, here, rules)
    assert apart(here, replace(here, detection=replace(here.detection, place=AZAZ)), rules)
    assert not apart(here, replace(here, detection=replace(here.detection, place=SYRIA)), rules), "not known to a city"
    assert not apart(here, replace(here, day=None), rules), "undated ones may be about anything"
    assert apart(here, replace(here, day=(here.day or 0) + rules.span.days + 1), rules)
    assert kilometres(ALEPPO, DAMASCUS) == pytest.approx(309, abs=3)
    assert kilometres(ALEPPO, SYRIA) is None


def test_shared_figures_speak_for_one_attack_and_other_tolls_against_it() -> None:
    attack = replace(DETECTION, type=EventType.ATROCITY, status="reported")
    plain, same = support(attack, quantities=()), support(attack, quantities=(dead(22),))
    other = support(attack, quantities=(dead(45),))
    half = support(attack, quantities=(dead(22),), sketch=Sketch(terms=(Term("truce", 255), Term("other", 255))))
    assert similarity(plain, same) == similarity(plain, other) == 1.0
    assert similarity(same, other) == 1.0 - OTHER_TOLL
    assert similarity(half, same) > similarity(half, plain) > similarity(half, other)
    assert similarity(support(quantities=(dead(22),)), support(quantities=(dead(45),))) == 1.0, "only of attacks"
    assert compare(same, half).figures == ("dead 22",)
    assert compare(same, half).terms == ("truce",)


def test_one_family_one_agency_and_copies_are_one_source() -> None:
    one, two, three = support(outlet="Alpha"), support(outlet="Beta"), support(outlet="Gamma")
    assert independent_outlets([one, two]) == 1
    assert independent_outlets([one, three]) == 2
    assert independent_outlets([support(outlet=None, url=None)]) == 0
    agency = Sketch(agency="AP")
    assert independent_outlets([support(outlet="Gamma", sketch=agency), support(outlet="Delta", sketch=agency)]) == 1
    copied = np.arange(0, 400, 4, dtype="<u4").tobytes()
    assert independent_outlets([replace(three, sample=copied), replace(one, sample=copied)]) == 1


def test_certainty() -> None:
    plain = support()
    assert certainty_of([plain], "agreed", 1) == "possible"
    assert certainty_of([plain], "agreed", 2) == "likely"
    assert certainty_of([plain], "confirmed", 1) == "observed"
    said = Evidence(field="text", start=0, end=1, sentence="The ministry announced a truce.", confidence=0.9)
    assert certainty_of([support(evidence=(said,))], "agreed", 1) == "observed"
    assert certainty_of([support(outlet="House of UN")], "agreed", 1) == "observed"


def test_a_lagging_report_after_a_collapse_is_no_renewal_unless_it_says_so() -> None:
    """Within a day the words decide; later any agreement is a new truce."""
    rules = DEFAULTS[EventType.CEASEFIRE]
    collapse = support(status="collapsed", article_id="collapse")
    agreed = replace(DETECTION, status="agreed", article_id="later", published_at=NOON + timedelta(hours=5))
    agreed = replace(agreed, ingested_at=NOON + timedelta(days=9))
    told_anew = replace(agreed, title="A new truce")
    next_day = replace(agreed, published_at=NOON + timedelta(hours=25))
    assert [len(each) for each in group([collapse, support(agreed)], rules).groups] == [2]
    assert [len(each) for each in group([collapse, support(told_anew)], rules).groups] == [1, 1]
    renewed = group([collapse, support(next_day)], rules)
    assert [len(each) for each in renewed.groups] == [1, 1]
    assert renewed.follows == ((1, 0),)
