"""Outlets of one publisher are one source; unknown ones stand alone; agency text is the agency's."""

import pytest

from detector.core.correlation.families import Families, FamiliesError, agency_of, read_families, registered_domain
from detector.loading import load_families


@pytest.fixture(scope="module")
def families() -> Families:
    """The table that ships."""
    return load_families()


@pytest.mark.parametrize(
    ("names", "family"),
    [
        (("CNN (Web News)", "edition.cnn.com", "CNN", "www.cnn.com"), "cnn"),
        (("BBC News", "bbc.co.uk", "BBC Sport", "news.bbc.co.uk"), "bbc"),
        (("The New York Times", "New York Times - Opinion", "nytimes.com"), "new york times"),
        (("Associated Press", "AP", "apnews.com"), "ap"),
        (("Sputnik", "RT", "sputniknews.com"), "rossiya segodnya"),
        (("The Guardian", "Guardian", "theguardian.com"), "guardian"),
    ],
)
def test_names_and_domains_of_one_family(families: Families, names: tuple[str, ...], family: str) -> None:
    assert {families.source(name, None) for name in names} == {family}


def test_the_web_address_tells_when_the_outlet_is_not_named(families: Families) -> None:
    assert families.source(None, "https://www.bbc.co.uk/news/world-1") == "bbc"
    assert families.source(None, "https://blog.somewhere.example/1") == "somewhere.example"
    assert families.source("Some Blog", "https://blog.somewhere.example/1") == "some blog"
    assert families.source(None, "not an address") is None
    assert families.source(None, None) is None


def test_an_unknown_outlet_stands_alone(families: Families) -> None:
    assert families.source("Northern Wire", None) == "northern wire"
    assert families.source("The Northern Wire Online", None) == "northern wire"
    assert families.source("Southern Wire", None) != families.source("Northern Wire", None)


def test_agency_text_is_the_agencys_whoever_prints_it(families: Families) -> None:
    assert families.source("Prairie Sentinel", None, "AP") == families.source("Associated Press", None) == "ap"
    assert families.source("Prairie Sentinel", None, "Agence France-Presse") == "afp"


def test_who_speaks_for_a_government(families: Families) -> None:
    assert families.is_official("UNICEF", None)
    assert families.is_official(None, "https://www.fema.gov/press")
    assert families.is_official(None, "https://interior.gob.mx/1")
    assert not families.is_official("BBC News", None)
    assert not families.is_official(None, None)


@pytest.mark.parametrize(
    ("text", "agency"),
    [
        ("DAMASCUS (AP) — Shells fell.", "AP"),
        ("KYIV (Reuters) - The truce holds.", "Reuters"),
        ("BEIRUT - AFP - Shells fell.", "AFP"),
        ("By Jane Doe, Associated Press\nShells fell.", "Associated Press"),
        ("AP - Shells fell.", "AP"),
        ("Source: Xinhua. Shells fell.", "Xinhua"),
        ("Shells fell. " * 60 + "(AFP)", "AFP"),
        ("Shells fell. " * 60 + "© 2016 AFP", "AFP"),
        ("Shells fell. Reuters contributed to this report.", None),
        ("The AP reported that shells fell.", None),
        ("Shells fell. " * 60 + "(AFP) " + "Later more. " * 60, None),
        ("", None),
    ],
)
def test_attribution_lines(text: str, agency: str | None) -> None:
    assert agency_of(text) == agency


@pytest.mark.parametrize(
    ("host", "domain"),
    [("edition.cnn.com", "cnn.com"), ("a.b.example.co.uk", "example.co.uk"), ("example.org", "example.org")],
)
def test_registered_domains(host: str, domain: str) -> None:
    assert registered_domain(host) == domain


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (b"one\tpublisher\tA\ntwo\tpublisher\ta", "line 2: a belongs to one"),
        (b"one\tpublisher", "line 1: expected"),
        (b"one\tgossip\tA", "line 1: expected"),
    ],
)
def test_a_malformed_table_is_named_by_line(table: bytes, message: str) -> None:
    with pytest.raises(FamiliesError, match=message):
        read_families(table)


def test_comments_and_empty_lines_are_left_out() -> None:
    assert read_families(b"# comment\n\none\tagency\tA|a.example\n").family == {"a": "one", "a.example": "one"}
