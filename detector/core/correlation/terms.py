"""What an article says, as weighted words: hashed TF-IDF, cut to the words that tell most.

The weights of words (inverse document frequencies) come from a table that ships with the package, indexed by the hash
that scikit-learn's `HashingVectorizer` has (MurmurHash3, of mmh3: to import scikit-learn takes longer than all else that a
program of this package does before it works). So the table holds no word of any text, and every word has a weight.
Words themselves are kept in a sketch, because a decision must be able to say what was shared.

Chosen by measurement against MinHash (datasketch 2.0, 0.9 MB more to install). The Jaccard similarity of the sets of
words, which MinHash estimates, groups the judged news as well
(B-cubed F1 0.872 against 0.876, with the model before this one), but only with a
threshold of 0.08 to 0.10; there the estimate of 128 permutations is off by 0.026 (one standard deviation), and it
cannot name the words that two articles share.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import mmh3

from detector.core.correlation.stopwords import ENGLISH_STOP_WORDS
from detector.core.records import Article, Evidence, Term

BUCKETS: Final = 1 << 16
DATA_FILE: Final = "term_weights.bin.gz"
"""Name of the table in `detector/data`: one byte a bucket, inverse document frequency times `SCALE`."""
SCALE: Final = 25.0

MOST_TERMS: Final = 48
"""Terms kept; from 32 to 96 the measured result is the same within 0.01."""
HEAD_CHARS: Final = 1500
"""How much of the text is read beside title and evidence: news tells first what it is about."""
HEAVIEST: Final = 255

_OFTEN: Final = 20
_FREQUENCY: Final = [0.0, *(1.0 + math.log(count) for count in range(1, _OFTEN + 1))]
_BLANKS: Final = {code: " " for code in range(128) if not chr(code).isalpha()} | dict.fromkeys(
    map(ord, "‘’‚“”„«»‹›–—―…·•©®™§¶°\u00a0\u2009\u200b\u202f\ufeff█"), " "
)
"""What parts words: everything in ASCII that is no letter, and the typographic signs that news is written with."""
_SHORTEST: Final = 3
_STOP: Final = ENGLISH_STOP_WORDS | {
    *("said", "says", "say", "told", "according", "mrs"),
    *("didn", "doesn", "isn", "wasn", "don", "couldn", "wouldn", "aren", "weren"),
}
_TYPOGRAPHY: Final = ("’", "‘", "“", "”", "–", "—")


class TermWeightsError(ValueError):
    """The table of term weights is not of the expected size: rebuild it with `python -m seeds.term_weights.build`."""


@dataclass(frozen=True, slots=True)
class TermWeights:
    """Inverse document frequency, scaled to a byte, of each bucket."""

    table: bytes

    def __post_init__(self) -> None:
        """Refuse a table of another size."""
        if len(self.table) != BUCKETS:
            message = f"{len(self.table)} term weights instead of {BUCKETS}"
            raise TermWeightsError(message)

    @classmethod
    def equal(cls) -> "TermWeights":
        """Return a table in which all words weigh the same, for tests and for languages without a table."""
        return cls(bytes([100]) * BUCKETS)

    def of(self, word: str) -> int:
        """Return the weight of a word, 0 to 255."""
        return self.table[bucket(word)]


@lru_cache(maxsize=1 << 15)
def bucket(word: str) -> int:
    """Return the bucket of a word, 0 to `BUCKETS` - 1, as `HashingVectorizer` has it."""
    # Of bytes: given a text with half a surrogate pair, mmh3 5.3 ends the process.
    return abs(mmh3.hash(word.encode("utf-8", "surrogatepass"), 0)) % BUCKETS


def content_words(text: str) -> list[str]:
    """Return the words of a text that carry content, lower case, without possessives, in order."""
    if not text.isascii():
        for sign in _TYPOGRAPHY:  # mostly the only ones beyond ASCII; `translate` is much faster within it
            text = text.replace(sign, " ")
    words = text.lower().translate(_BLANKS).split()
    return [word for word in words if len(word) >= _SHORTEST and word not in _STOP]


def terms_of(article: Article, evidence: Sequence[Evidence], weights: TermWeights) -> tuple[Term, ...]:
    """Return the terms that tell most of an article: of title, evidence and the head of the text."""
    parts = [article.title or "", *(item.sentence for item in evidence), article.text[:HEAD_CHARS]]
    counts = Counter(content_words("\n".join(parts)))
    table = weights.table
    scored = [(-table[bucket(word)] * _FREQUENCY[min(count, _OFTEN)], word) for word, count in counts.items()]
    scored = sorted([pair for pair in scored if pair[0]])[:MOST_TERMS]
    if not scored:
        return ()
    factor = HEAVIEST / scored[0][0]
    return tuple([Term(word, round(score * factor) or 1) for score, word in scored])


def shared_terms(one: Sequence[str], other: Sequence[str], most: int) -> tuple[str, ...]:
    """Return the words that both have, of two rows of words that begin with the heaviest; those early in both come first."""
    ranks = {word: rank for rank, word in enumerate(one)}
    common = [(ranks[word] + rank, word) for rank, word in enumerate(other) if word in ranks]
    return tuple(word for _, word in sorted(common)[:most])
