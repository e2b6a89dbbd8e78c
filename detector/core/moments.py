"""Times as they are written: aware ones only, in UTC, to Kafka's own precision."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, TypeAlias

from pydantic import PlainSerializer


@lru_cache(maxsize=4096)
def format_time(moment: datetime) -> str:
    """Write an aware time as RFC 3339 in UTC with milliseconds, Kafka's own precision."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Moment: TypeAlias = Annotated[datetime, PlainSerializer(format_time, when_used="json")]
"""An aware time of a record."""
