"""The key of a detection: what decides in which partition it is compared, and with what.

Type and country. A detection without a place has a bucket of its content instead of the country, drawn from the term
that tells most: copies and accounts of one story mostly agree in it, and the unlocated detections of a type do not
all meet in one partition. What an unlocated detection and a located one have in common is not seen; when an edit
tells where it was, the one is retracted and the other joins what is known there (`articles`).
"""

from typing import Final

from detector.core.correlation.terms import bucket
from detector.core.eventtypes import EventType
from detector.core.records import Detection, Retraction

UNLOCATED_BUCKETS: Final = 64
"""Enough to spread over any number of partitions in use; few enough that a story's second term rarely parts it."""


def country_or_bucket(detection: Detection) -> str:
    """Return the second half of the key: the ISO code of the country, or `-` and the bucket of an unlocated detection."""
    if detection.place:
        return detection.place.country
    terms = detection.sketch.terms
    return f"-{bucket(terms[0].term) % UNLOCATED_BUCKETS}" if terms else "-"


def key_of(record: Detection | Retraction) -> str:
    """Return the key of a detection, or of what a retraction retracts, such as `atrocity|SY`."""
    half = record.country if isinstance(record, Retraction) else country_or_bucket(record)
    return make_key(record.type, half)


def make_key(kind: EventType, half: str) -> str:
    """Return the key of a type and a country or bucket."""
    return f"{kind.value}|{half}"


def key_bytes(record: Detection | Retraction) -> bytes:
    """Return the key as it stands on the topic."""
    return key_of(record).encode("utf-8")
