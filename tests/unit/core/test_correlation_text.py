"""What detections carry for correlation: the day a text names, its terms, and a sample that tells copies."""

from datetime import UTC, date, datetime
from itertools import permutations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sklearn.feature_extraction import text as scikit_text
from sklearn.utils import murmurhash3_32

from detector.core.correlation.copies import are_copies, copies_among, read_sample
from detector.core.correlation.dates import stated_day
from detector.core.correlation.sampling import sample_text
from detector.core.correlation.stopwords import ENGLISH_STOP_WORDS
from detector.core.correlation.terms import (
    BUCKETS,
    MOST_TERMS,
    TermWeights,
    TermWeightsError,
    bucket,
    content_words,
    shared_terms,
    terms_of,
)
from detector.core.correlation.vector import Vector, cosine
from detector.core.detect import Detector
from detector.core.records import Article, Evidence, Term

PUBLISHED = datetime(2016, 10, 13, tzinfo=UTC)
STORY = (
    "Two barrel bombs dropped from a helicopter killed at least 22 people in a vegetable market on Tuesday, rescuers said. "
    "The bombs fell at eleven in the morning, when the stalls of the quarter were crowded with buyers. A nurse at the field "
    "hospital counted twelve women and four children among the dead. Rescuers dug with bare hands until dark for a baker whose "
    "shop had fallen in. The army did not comment on the bombing of the market, which had been rebuilt in spring. "
)
OTHER = (
    "At least 22 people died when helicopters bombed a market, according to a monitoring group. Its head said that women and "
    "children were among the victims, and that the number could rise, as many of the wounded were in a critical state. "
    "Pictures showed burning stalls and men who carried the injured to cars. "
    "Residents spoke of the worst attack on the town this year. "
)


@pytest.mark.parametrize(
    ("text", "published", "day"),
    [
        ("Oct. 26, 2016. Raids hit a school.", PUBLISHED, date(2016, 10, 26)),
        ("Date: 26 October 2016", PUBLISHED, date(2016, 10, 26)),
        ("Raids on Sept 30th hit a school.", PUBLISHED, date(2016, 9, 30)),
        ("2016-10-14 Raids hit a school.", PUBLISHED, date(2016, 10, 14)),
        ("On June 8 of that year raids hit a school.", PUBLISHED, None),
        ("December 14, 2012 is remembered.", PUBLISHED, None),
        ("On December 30 raids hit a school.", datetime(2017, 1, 2, tzinfo=UTC), date(2016, 12, 30)),
        ("On January 2 raids hit a school.", datetime(2016, 12, 30, tzinfo=UTC), date(2017, 1, 2)),
        ("February 30, 2016. No such day. 12 October 2016.", PUBLISHED, date(2016, 10, 12)),
        ("Date: 26 October 2016", None, date(2016, 10, 26)),
        ("On October 26 raids hit a school.", None, None),
        ("x" * 700 + " October 12, 2016", PUBLISHED, None),
        ("Raids hit a school.", PUBLISHED, None),
        ("", None, None),
    ],
)
def test_the_day_that_a_text_names(text: str, published: datetime | None, day: date | None) -> None:
    assert stated_day(text, published) == day


@pytest.mark.parametrize(
    ("one", "other", "copies"),
    [
        (STORY, STORY, True),
        (STORY, STORY[: len(STORY) // 2], True),
        (STORY, "Update: " + STORY.replace("22", "25") + "Two more were found on Wednesday.", True),
        (STORY.upper(), STORY, True),
        (STORY * 4, STORY, True),
        (STORY, OTHER, False),
        ("A truce was agreed.", "A truce was agreed.", False),
        ("", "", False),
    ],
)
def test_copies_are_told_from_accounts(one: str, other: str, copies: bool) -> None:  # noqa: FBT001 a table's column
    samples = read_sample(sample_text(one)), read_sample(sample_text(other))
    assert are_copies(*samples) is are_copies(*reversed(samples)) is copies


@given(
    st.lists(
        st.one_of(st.frozensets(st.integers(0, 60), max_size=61), st.frozensets(st.integers(0, 400), max_size=200)),
        min_size=1,
        max_size=6,
    )
)
def test_many_samples_are_compared_as_two_are(samples: list[frozenset[int]]) -> None:
    packed = [np.array(sorted(sample), dtype="<u4").tobytes() for sample in samples]
    found = copies_among(packed)
    for one, other in permutations(range(len(packed)), 2):
        assert found[one, other] == are_copies(packed[one], packed[other])


@given(st.text(max_size=300))
def test_any_text_has_a_sample_that_can_be_read(text: str) -> None:
    assert sample_text(text) == sample_text(text)
    assert len(read_sample(sample_text(text))) <= 400


@pytest.mark.parametrize("sample", ["AAA", "not base64!", "AAAAAAA="])
def test_what_is_no_sample_is_refused(sample: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 binascii and this project each say it in their words
        read_sample(sample)


def test_terms_are_the_words_that_tell_most(detector: Detector) -> None:
    """A name weighs more than what all news says, and stop words nothing."""
    evidence = Evidence(field="text", start=0, end=10, sentence=STORY[:118], confidence=0.9)
    article = Article(id="a", title="Barrel bombs in Maarat al-Numan", text=STORY)
    terms = {term.term: term.weight for term in terms_of(article, [evidence], detector.weights)}
    assert len(terms) <= MOST_TERMS
    assert max(terms.values()) == 255
    assert terms["numan"] > terms["people"]
    assert not {"the", "said", "and"} & terms.keys()


@given(st.text(max_size=40))
@example("\ud800")
def test_hash_and_stop_words_are_those_of_scikit_learn(word: str) -> None:
    """Though it is not imported where the detector runs; the table of weights was counted with its hash."""
    assert bucket(word) == abs(int(murmurhash3_32(word.encode("utf-8", "surrogatepass"), seed=0))) % BUCKETS
    assert scikit_text.ENGLISH_STOP_WORDS == ENGLISH_STOP_WORDS


def test_a_text_without_words_has_no_terms(detector: Detector) -> None:
    assert terms_of(Article(id="a", text="12 34 !!"), [], detector.weights) == ()


def test_content_words_have_neither_possessives_nor_typography() -> None:
    assert content_words("Syria’s “regime” didn't—Assad's army") == ["syria", "regime", "assad", "army"]


def test_a_table_of_another_size_is_refused() -> None:
    with pytest.raises(TermWeightsError, match="3 term weights"):
        TermWeights(b"abc")


def test_similarity_is_exact_and_symmetric() -> None:
    one = Vector.of([Term("truce", 255), Term("aleppo", 100), Term("buses", 7)])
    other = Vector.of([Term("aleppo", 200), Term("truce", 10)])
    assert one.dot(other) == other.dot(one) == 255 * 10 + 100 * 200
    assert cosine(one.dot(one), one.square, one.square) == 1.0
    assert cosine(0, 0, 5) == 0.0
    assert shared_terms(["b", "a"], ["c", "b", "a"], 5) == ("b", "a")


def test_words_in_one_bucket_are_added() -> None:
    first, second = _collision()
    vector = Vector.of([Term(first, 100), Term(second, 50)])
    assert list(vector.weights) == [150]


def _collision() -> tuple[str, str]:
    seen: dict[int, str] = {}
    for number in range(100_000):
        word = f"word{number}"
        if bucket(word) in seen:
            return seen[bucket(word)], word
        seen[bucket(word)] = word
    raise AssertionError("no two words share a bucket")
