"""Finds the day that the head of a text names: a dateline, a stamp such as `Date: 13 October 2016`, or `on June 8`.

Feeds give wrong dates: days and months swapped, the day of crawling, the first of the month. What the text itself
says is nearer to the event. A day is taken only where it lies within `NEAR` of the day of publication, so that an
anniversary is not mistaken for news; where the publication is unknown, only a day with a year is.
"""

import re
from datetime import date, datetime, timedelta
from typing import Final

HEAD_CHARS: Final = 600
NEAR: Final = timedelta(days=31)

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH: Final = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|"
    r"Nov(?:ember)?|Dec(?:ember)?)"
)
_YEAR: Final = r"(?:,?\s+((?:19|20)\d\d)\b)?"
_DAY: Final = re.compile(
    rf"\b({_MONTH})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?\b{_YEAR}|\b(\d{{1,2}})(?:st|nd|rd|th)?\s+({_MONTH})\b\.?{_YEAR}"
)
_ISO: Final = re.compile(r"\b((?:19|20)\d\d)-(\d\d)-(\d\d)\b")


def stated_day(text: str, published_at: datetime | None) -> date | None:
    """Return the first day that the head of a text names and that can be the news', or `None`."""
    head = text[:HEAD_CHARS]
    published = published_at.date() if published_at else None
    for match in _DAY.finditer(head):
        month = _MONTHS.index((match[1] or match[5])[:3].lower()) + 1
        year = match[3] or match[6]
        found = _fitting(int(year) if year else None, month, int(match[2] or match[4]), published)
        if found:
            return found
    for match in _ISO.finditer(head):
        found = _fitting(int(match[1]), int(match[2]), int(match[3]), published)
        if found:
            return found
    return None


def _fitting(year: int | None, month: int, day: int, published: date | None) -> date | None:
    if published is None and year is None:
        return None
    years = [year] if year is not None or published is None else [published.year + shift for shift in (0, -1, 1)]
    for candidate in years:
        try:
            found = date(candidate or 1, month, day)
        except ValueError:
            continue
        if published is None or abs(found - published) <= NEAR:
            return found
    return None
