"""How many of an article's words a model knows: when the news moves away from what it learnt, this falls first."""

from collections.abc import Iterable
from typing import Final
from zlib import crc32

from detector.core.features import describe
from detector.core.records import Article
from detector.core.tokens import words

SAMPLE_CHARS: Final = 120
"""Of the text, beside the title: enough over a day of news, and a fortieth of the cost of scoring the article."""

SAMPLE_EVERY: Final = 4
"""Articles of which one is counted, by a hash of their ids: the same ones in a worker and in any replay."""


class Coverage:
    """The words that a model has a weight for.

    Args:
        features: names of the model's features, pairs and relations among them.
    """

    def __init__(self, features: Iterable[str]) -> None:
        self._known = frozenset(name for name in features if " " not in name and describe(name) == name)

    def count(self, article: Article) -> tuple[int, int]:
        """Return how many words the title and the text's beginning have, and how many of them are known.

        Both are 0 for an article that is not in the sample.
        """
        if crc32(article.id.encode("utf-8", "surrogatepass")) % SAMPLE_EVERY:
            return 0, 0
        found = words(f"{article.title or ''}\n{article.text[:SAMPLE_CHARS]}")
        return len(found), sum(map(self._known.__contains__, found))
