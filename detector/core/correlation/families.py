"""Who is behind an outlet: the table of publisher families, and the agency that a text is attributed to.

Outlets of one family count as one source, and so do all that print one agency's text. The table is data
(`detector/data/publisher_families.tsv`); an outlet that is not in it stands alone, by its name or its registered domain.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

DATA_FILE: Final = "publisher_families.tsv"
"""Name of the table in `detector/data`."""

_KINDS: Final = frozenset(("publisher", "agency", "official"))
_COLUMNS: Final = 3
_DOMAIN: Final = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_HOST: Final = re.compile(r"(?:https?:)?//(?:[^/@?#]*@)?([a-z0-9-]+(?:\.[a-z0-9-]+)+)")
_SECOND_LEVEL: Final = frozenset(("co", "com", "org", "net", "gov", "ac", "edu", "gob", "go", "or", "ne", "mil"))
_OFFICIAL_LABELS: Final = frozenset(("gov", "mil", "gob", "gouv", "int"))
_BRACKETS: Final = re.compile(r"\([^()]*\)")
_NOT_LETTERS: Final = re.compile(r"[^\w]+")
_FILLER: Final = frozenset(("the", "online", "news", "opinion", "editorial", "web", "website", "com"))

_HEAD: Final = 240
_TAIL: Final = 200
_NAMES: Final = (
    r"AP|Associated Press|Reuters|AFP|Agence France-Presse|UPI|dpa|DPA|Xinhua|TASS|ANSA|EFE|PA Media|Press Association|AAP|"
    r"Bloomberg|Kyodo|PTI|IANS|ANI|Interfax|Anadolu Agency|AA|SANA|IRNA|WAM|Thomson Reuters"
)
_IN_HEAD: Final = re.compile(
    rf"\(({_NAMES})\)|(?:--|[-–—])\s?({_NAMES})\b\s?(?:--|[-–—])|\b[Bb]y [A-Z][\w .'’-]{{2,60}}?,? ({_NAMES})\b|"
    rf"\A\s*({_NAMES})\s?(?:--|[-–—:|])|\b(?:[Ss]ource|SOURCE|[Vv]ia):?\s({_NAMES})\b"
)
_IN_TAIL: Final = re.compile(
    rf"\(({_NAMES})\)\W*\Z|(?:--|[-–—])\s?({_NAMES})\W*\Z|\b(?:[Ss]ource|SOURCE):?\s({_NAMES})\b|©\s?(?:\d{{4}}\s)?({_NAMES})\b"
)


class FamiliesError(ValueError):
    """The table of publisher families is malformed; the message names the line."""


@dataclass(frozen=True, slots=True)
class Families:
    """Folded names and domains of outlets to their family."""

    family: Mapping[str, str]
    official: frozenset[str]
    """Families that speak for a government or an international body."""

    def source(self, outlet: str | None, url: str | None, agency: str | None = None) -> str | None:
        """Return who is behind a text: the agency, else the family of the outlet, else the outlet itself; `None` if unknown."""
        if agency:
            return self.family.get(fold_name(agency), fold_name(agency))
        host = _host(url)
        for name in (_as_domain(outlet) if outlet else None, host):
            if name and (found := self._of_domain(name)):
                return found
        if outlet and outlet.strip():
            folded = fold_name(outlet)
            return self.family.get(folded) or (registered_domain(domain) if (domain := _as_domain(outlet)) else folded)
        return registered_domain(host) if host else None

    def is_official(self, outlet: str | None, url: str | None) -> bool:
        """Tell whether an outlet is a government's or an international body's own."""
        source = self.source(outlet, url)
        if source in self.official:
            return True
        domains = [name for name in (_as_domain(outlet) if outlet else None, _host(url)) if name]
        return any(not _OFFICIAL_LABELS.isdisjoint(name.split(".")[-2:]) for name in domains)

    def _of_domain(self, domain: str) -> str | None:
        """Return the family of a domain or of the nearest domain above it."""
        while domain:
            if domain in self.family:
                return self.family[domain]
            _, _, domain = domain.partition(".")
        return None


def read_families(data: bytes) -> Families:
    """Read the table: family, kind (publisher, agency, official), and the names and domains, separated by `|`.

    Lines that begin with # are comments. Raises `FamiliesError`.
    """
    family: dict[str, str] = {}
    official = set()
    for number, line in enumerate(data.decode("utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = line.split("\t")
        if len(parts) != _COLUMNS or parts[1] not in _KINDS:
            message = (
                f"line {number}: expected family, one of {', '.join(sorted(_KINDS))}, and names, separated by tabs"
            )
            raise FamiliesError(message)
        if parts[1] == "official":
            official.add(parts[0])
        for name in parts[2].split("|"):
            folded = _as_domain(name) or fold_name(name)
            if family.setdefault(folded, parts[0]) != parts[0]:
                message = f"line {number}: {name} belongs to {family[folded]} already"
                raise FamiliesError(message)
    return Families(family, frozenset(official))


def fold_name(name: str) -> str:
    """Return an outlet's name without case, brackets, punctuation and words such as `online`."""
    words = _NOT_LETTERS.sub(" ", _BRACKETS.sub(" ", name).lower()).split()
    return " ".join([word for word in words if word not in _FILLER] or words)


def registered_domain(host: str) -> str:
    """Return the domain that was registered: `edition.example.co.uk` to `example.co.uk`.

    A rule of thumb, not the public suffix list.
    """
    labels = host.split(".")
    long = len(labels) > 2 and labels[-2] in _SECOND_LEVEL and len(labels[-1]) == 2  # noqa: PLR2004 - a country's domain
    return ".".join(labels[-3:] if long else labels[-2:])


def agency_of(text: str) -> str | None:
    """Return the news agency that a text is attributed to, by a line such as `(AP)` or `- Reuters -` at its head or end.

    `Reuters contributed to this report` attributes nothing: the text is the outlet's own.
    """
    match = _IN_HEAD.search(text[:_HEAD]) or _IN_TAIL.search(text[-_TAIL:])
    return next((found for found in match.groups() if found), None) if match else None


def _as_domain(name: str) -> str | None:
    bare = name.strip().lower().removeprefix("https://").removeprefix("http://").partition("/")[0]
    return bare.removeprefix("www.") if _DOMAIN.fullmatch(bare) else None


def _host(url: str | None) -> str | None:
    match = _HOST.match(url.strip().lower()) if url else None
    return match[1].removeprefix("www.") if match else None
