"""The correlator: a detection or a retraction in, what to keep and what to tell out.

One `Correlator` holds the events of one partition of the topic `detections`. The caller feeds it every record of that
partition in order, writes `Step.entries` to a changelog with the same partitions, publishes the rest, and restores a
new correlator from the changelog after a restart or when the partition moves. Entries are keyed by event id, not by
the key of the detections: they must be written to the changelog partition of the same number. There is no clock: time
is the watermark, the latest data time seen.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from detector.core.correlation.entry import Entry
from detector.core.correlation.families import Families
from detector.core.correlation.grouping import Grouping, all_one, group
from detector.core.correlation.kept import Kept
from detector.core.correlation.key import key_of
from detector.core.correlation.placing import place
from detector.core.correlation.relation import FIGURE, MOST_FIGURES, apart, compare, with_figures
from detector.core.correlation.rules import Rules
from detector.core.correlation.step import Decision, Message, Step
from detector.core.correlation.support import Support, sharing, support_of
from detector.core.correlation.telling import Telling, state_of
from detector.core.correlation.threads import State
from detector.core.records import DETECTION_VERSION, Alert, Comparison, Detection, Retraction

_OWN: Final = f'{{"schema_version":{DETECTION_VERSION},"detection_id":"'.encode("ascii")
"""How a detection of this version begins."""


class _Link(NamedTuple):
    """An article that speaks for being about the same event as another, the event that it supports, and how alike they are."""

    event_id: str
    other: Support
    alike: float


class Correlator:
    """Groups the detections of one partition into events and says what to tell of them. Not safe to share between threads."""

    def __init__(self, rules: Rules, families: Families, kept: Mapping[str, bytes] | None = None) -> None:
        """Start from the records of a changelog, the latest of each key; from nothing without them."""
        self.rules = rules
        self._families = families
        self._kept = Kept(rules, families)
        self._kept.load(kept or {})

    def __len__(self) -> int:
        """Return the number of events that are kept, cancelled ones among them until they expire."""
        return len(self._kept)

    @property
    def entries(self) -> Mapping[str, bytes]:
        """The state as it stands in the changelog, by event id."""
        return {event_id: self._kept.value(event_id) for event_id in self._kept}

    def entry(self, event_id: str) -> Entry:
        """Return one event's state; raises `KeyError` when it is not kept."""
        return self._kept.get(event_id)

    def process(self, record: Detection | Retraction, value: bytes | None = None) -> Step:
        """Take in a record; the same record again changes nothing and gives the alerts that it once caused.

        `value` are the bytes that the record was read from, which spares writing it again.
        """
        kept, key = self._kept, key_of(record)
        kept.watermark = max(kept.watermark, _moment(record) or kept.watermark)
        expired = tuple(kept.expire())
        seen = kept.seen.get((key, record.article_id))
        if seen and record.revision <= seen.revision:
            return self._repeat(record, seen.events, expired)
        before = self._supported(record, seen.events) if seen else None
        if isinstance(record, Retraction):
            if before is None:
                return _step((), (), (), _decision("unknown", None), expired)
            return self._change(record, key, before, None, (), expired)
        own = value is not None and value.startswith(_OWN)
        support = support_of(record, self._families, value=value if own else None)
        links = self._links(key, support)
        copied = next((link.other for link in links if link.other.sample == support.sample), None)
        if copied:
            support = sharing(support, copied)
        return self._change(record, key, before, support, links, expired)

    def _supported(self, record: Detection | Retraction, events: Sequence[str]) -> str | None:
        """Return the event that an article supports, be it among those only counted."""
        for event_id in events:
            entry = self._kept.get(event_id)
            if record.article_id in entry.surplus or any(i.article_id == record.article_id for i in entry.supports):
                return event_id
        return None

    def _links(self, key: str, support: Support) -> list[_Link]:
        """Return the articles that speak for being about the same event."""
        rules = self.rules.of(support.detection.type)
        # What no shared figure could lift to the threshold is not looked at: its event may have to be decoded for it.
        least = rules.alike - FIGURE * min(MOST_FIGURES, len(support.figures))
        cosines = dict(self._kept.index.near(key, support, rules, least))
        cosines.pop(support.article_id, None)
        homes = {home for article in cosines if (home := self._kept.seen[key, article].home)}
        found = []
        for home in sorted(homes):
            for other in self._kept.get(home).supports:
                cosine = cosines.get(other.article_id)
                if cosine is None or apart(support, other, rules):
                    continue
                alike = with_figures(cosine, support, other)
                if alike >= rules.alike:
                    found.append(_Link(home, other, alike))
        return found

    def _change(
        self,
        record: Detection | Retraction,
        key: str,
        before: str | None,
        support: Support | None,
        links: Sequence[_Link],
        expired: tuple[str, ...],
    ) -> Step:
        region = self._kept.region({link.event_id for link in links} | ({before} if before else set()))
        members = [i for entry in region.values() for i in entry.supports if i.article_id != record.article_id]
        if support:
            members.append(support)
        grouping = self._grouping(members, known_tied=before is None and len(region) <= 1)
        placing = place(grouping.groups, region, self._kept.is_free, support)
        why: Comparison | None = None
        if support:
            mine = next(members for members in grouping.groups if support in members)
            joined = {item.article_id for item in mine}
            alike = [link for link in links if link.other.article_id in joined]
            if alike:
                nearest = max(alike, key=lambda link: (link.alike, link.other.order)).other
                why = compare(support, nearest)
        told = Telling(self.rules, self._kept, record, region, before)
        told.groups(grouping, placing, support, why)
        told.endings(placing)
        entries = self._kept.put(told.changed, key)
        number = {id(members): event for members, event in zip(grouping.groups, placing.event_of_group, strict=True)}
        home = number[id(mine)] if support else before
        kind = "retracted" if support is None else "joined" if home in region else "opened"
        decision = _decision(
            kind,
            home,
            why,
            merged=tuple(event for event, into in sorted(placing.ended.items()) if into),
            parted=tuple(placing.event_of_group[n] for n, origin in placing.opened.items() if origin),
        )
        return _step(entries, tuple(told.alerts), tuple(told.states), decision, expired, tuple(told.told))

    def _grouping(self, members: Sequence[Support], *, known_tied: bool) -> Grouping:
        if not members:
            return Grouping(groups=(), rivals=frozenset(), follows=())
        rules = self.rules.of(members[0].detection.type)
        ordered = tuple(sorted(members, key=lambda item: item.order))
        if known_tied and all_one(ordered, rules):
            return Grouping(groups=(ordered,), rivals=frozenset(), follows=())
        return group(ordered, rules)

    def _repeat(self, record: Detection | Retraction, events: Sequence[str], expired: tuple[str, ...]) -> Step:
        """Give again what the record once caused, and everything that may not have been written then."""
        entries = [self._kept.get(event_id) for event_id in sorted(events)]
        caused = [
            (told.turn, entry.event_id, told.alert)
            for entry in entries
            for told in entry.told
            if (told.article_id, told.revision) == (record.article_id, record.revision)
        ]
        home = next((e.event_id for e in entries if any(i.article_id == record.article_id for i in e.supports)), None)
        return _step(
            tuple(Message(entry.event_id, self._kept.value(entry.event_id)) for entry in entries),
            tuple(Message(event_id, alert.encode("utf-8")) for _, event_id, alert in sorted(caused)),
            tuple(state_of(entry) for entry in entries),
            _decision("repeated", home),
            expired,
        )


def _moment(record: Detection | Retraction) -> datetime | None:
    """Return the data time that a record shows.

    Of two times the earlier, as a wrong date in the future must not make every event expire. A retraction shows none: when
    it came says nothing about when the news was, and old news may be sent again.
    """
    if isinstance(record, Retraction):
        return None
    known = [moment for moment in (record.published_at, record.ingested_at) if moment is not None]
    return min(known, default=None)


def _decision(
    kind: str,
    event_id: str | None,
    why: Comparison | None = None,
    merged: tuple[str, ...] = (),
    parted: tuple[str, ...] = (),
) -> Decision:
    return Decision(kind=kind, event_id=event_id, why_merged=why, merged=merged, parted=parted)  # type: ignore[arg-type]  # callers pass literals


def _step(
    entries: tuple[Message, ...],
    alerts: tuple[Message, ...],
    states: tuple[State, ...],
    decision: Decision,
    expired: tuple[str, ...],
    told: tuple[Alert, ...] = (),
) -> Step:
    gone = tuple(Message(event_id, None) for event_id in expired)
    return Step(entries=gone + entries, alerts=alerts, told=told, states=states, decision=decision, expired=expired)
