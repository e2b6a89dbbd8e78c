"""Cuts a passage into words for the search of place names, keeping what stands between them."""

import re
from dataclasses import dataclass
from typing import Final

from detector.core.gazetteer import fold

_TOKEN: Final = re.compile(r"((?:[A-Za-z]\.){2,}[A-Za-z]?(?![A-Za-z])|[^\W_]+(?:['’`ʼ][^\W_]+)*)")
_PLAIN_TOKEN: Final = re.compile(r"([^\W_]+(?:['’`ʼ][^\W_]+)*)")
"""The same for a passage without initials such as U.S., in less time."""
_INITIALS: Final = re.compile(r"\.[A-Za-z]\.")
_GLUED: Final = re.compile(r"([A-Z])(?<=[a-z]{2}[A-Z])(?=[a-z]{3})")
"""Where a feed that lost the blanks around links glued two words together."""
_APOSTROPHES: Final = "'’`ʼ"
_OWNER_CHARS: Final = 3
"""A possessive is at least one letter, an apostrophe and an s."""
_BREAKS: Final = frozenset('.!?;:()[]"“”|•')


@dataclass(frozen=True, slots=True)
class Words:
    """A passage cut into words."""

    raw: list[str]
    keys: list[str]
    """Folded, without the possessive."""
    gaps: list[str]
    """What stands after each word."""
    possessive: list[bool]
    uniform: bool
    """The passage is all capitals or all lower case, so capitals tell nothing."""

    def __len__(self) -> int:
        """Return the number of words."""
        return len(self.raw)

    def capital(self, position: int) -> bool:
        """Tell whether a word begins with a capital that means something."""
        return not self.uniform and self.raw[position][0].isupper()

    def key(self, first: int, last: int) -> str:
        """Return the lookup key of the words from first to last, both included."""
        return self.keys[first] if first == last else " ".join(self.keys[first : last + 1])

    def after(self, last: int) -> str:
        """Return the key of the next word, empty at the end."""
        return self.keys[last + 1] if last + 1 < len(self.raw) else ""

    def before(self, first: int, reach: int) -> list[str]:
        """Return the keys of the words before one, at most as many as the reach."""
        return self.keys[max(0, first - reach) : first]

    def breaks_after(self, position: int) -> bool:
        """Tell whether a sentence or a bracket ends after a word."""
        return not _BREAKS.isdisjoint(self.gaps[position])


def is_uniform(text: str) -> bool:
    """Tell whether a text is of one case throughout (an old wire in capitals, a lower-case feed)."""
    sample = text[:400:2]
    upper, lower = sum(map(str.isupper, sample)), sum(map(str.islower, sample))
    return upper > 4 * lower or upper * 200 < lower


def cut(passage: str, *, uniform: bool) -> Words:
    """Cut a passage into words."""
    token = _TOKEN if _INITIALS.search(passage) else _PLAIN_TOKEN
    parts = token.split(_GLUED.sub(r" \1", passage))
    raw, gaps = parts[1::2], parts[2::2]
    keys = " ".join(raw).lower().split(" ") if raw else []
    possessive = [False] * len(raw)
    plain = passage.isascii()
    odd = (
        [at for at, word in enumerate(raw) if not word.isalnum()]
        if plain
        else [at for at, word in enumerate(raw) if not (word.isascii() and word.isalnum())]
    )
    for position in odd:
        word = raw[position]
        owner = len(word) >= _OWNER_CHARS and word[-1] in "sS" and word[-2] in _APOSTROPHES
        possessive[position] = owner
        keys[position] = fold(word[:-2] if owner else word)
    return Words(raw, keys, gaps, possessive, uniform)
