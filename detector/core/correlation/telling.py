"""Brings events up to date after one record: new entries, what is told of them, and their records for the topic `events`."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from detector.core import ids, wire
from detector.core.correlation import threads
from detector.core.correlation.entry import Entry, Told
from detector.core.correlation.grouping import Grouping
from detector.core.correlation.kept import Kept
from detector.core.correlation.key import key_of
from detector.core.correlation.placing import Placing
from detector.core.correlation.rules import Rules
from detector.core.correlation.step import Message
from detector.core.correlation.summary import Summary, summarise
from detector.core.correlation.support import Support, explained
from detector.core.records import Alert, Comparison, Detection, Retraction

PARTED: Final = "parted from another event"
RENEWS: Final = "a new truce after one that collapsed"
MERGED: Final = "part of another event"
_GONE: Final[Mapping[str, str]] = {
    "edited": "its last article was edited and reports it no more",
    "moved": "its last article was edited and places it elsewhere",
    "withdrawn": "its last article was withdrawn",
}
_MOVED: Final = "its last article was edited and reports another event"


class Telling:
    """Collects the new entries, alerts and states of one step."""

    def __init__(
        self, rules: Rules, kept: Kept, record: Detection | Retraction, region: Mapping[str, Entry], before: str | None
    ) -> None:
        """Begin a step: the events that may change, and the one that the record's article supported before."""
        self.changed: list[Entry] = []
        self.alerts: list[Message] = []
        self.told: list[Alert] = []
        self.states: list[threads.State] = []
        self._rules = rules
        self._kept = kept
        self._record = record
        self._region = region
        self._before = before
        self._last: dict[str, str] = {}
        """Id of the latest alert of each event."""

    def groups(self, grouping: Grouping, placing: Placing, support: Support | None, why: Comparison | None) -> None:
        """Bring each group's event up to date: those that go on first, as new ones may refer to them."""
        order = sorted(range(len(grouping.groups)), key=lambda number: (number in placing.opened, number))
        for number in order:
            event_id = placing.event_of_group[number]
            members = grouping.groups[number]
            joined = support is not None and support in members
            if joined and support is not None:
                members = tuple(explained(item, why) if item is support else item for item in members)
            absorbed = {
                article: revision
                for ended, into in placing.ended.items()
                if into == event_id
                for article, revision in self._region[ended].past.items()
                if article in self._region[ended].surplus
            }
            rivals = {placing.event_of_group[other] for pair in grouping.rivals if number in pair for other in pair}
            old_event = next((placing.event_of_group[old] for new, old in grouping.follows if new == number), None)
            self._go_on(
                event_id,
                members,
                frozenset(rivals - {event_id}),
                parted_from=placing.opened.get(number),
                renews=old_event,
                why=why if joined else None,
                absorbed=absorbed,
            )

    def endings(self, placing: Placing) -> None:
        """Cancel the events that nothing supports any more."""
        for event_id in sorted(placing.ended):
            into, entry = placing.ended[event_id], self._region[event_id]
            if not entry.supports:
                continue
            reason = MERGED if into else _GONE[self._record.reason] if isinstance(self._record, Retraction) else _MOVED
            last = entry.told[-1].read()
            alert = threads.cancel(entry, last, reason, self._last.get(into) if into else None)
            past = dict(entry.past)
            if event_id == self._before:
                past[self._record.article_id] = self._record.revision
            self._keep(
                replace(entry, supports=(), surplus=frozenset(), past=past, rivals=frozenset(), reason=reason),
                alert,
                None,
                last,
            )

    def _go_on(
        self,
        event_id: str,
        members: tuple[Support, ...],
        rivals: frozenset[str],
        *,
        parted_from: str | None,
        renews: str | None,
        why: Comparison | None,
        absorbed: Mapping[str, int],
    ) -> None:
        entry = self._region.get(event_id) or self._kept_or_new(event_id)
        kept_members, surplus, past = self._bounded(entry, members, absorbed, gone=event_id == self._before)
        if (
            kept_members == entry.supports
            and rivals == entry.rivals
            and surplus == entry.surplus
            and past == entry.past
        ):
            self._last[event_id] = ids.alert_id(event_id, entry.sequence - 1)
            return
        summary = summarise(kept_members, len(surplus))
        last = entry.last
        alert: Alert | None = None
        if last is None or not entry.supports:
            origin_event, how = (renews, RENEWS) if renews else (parted_from, PARTED)
            origin = (self._last[origin_event], how) if origin_event and origin_event in self._last else None
            alert = threads.first_alert(entry, summary, origin)
            entry = replace(entry, follows=renews, reason=None)
        elif changed := threads.changes(last, summary, entry.outlets_told, self._rules.outlet_marks):
            alert = threads.update(entry, summary, last, changed, why)
        self._keep(
            replace(entry, supports=kept_members, surplus=surplus, past=past, rivals=rivals), alert, summary, last
        )

    def _bounded(
        self, entry: Entry, members: tuple[Support, ...], absorbed: Mapping[str, int], *, gone: bool
    ) -> tuple[tuple[Support, ...], frozenset[str], dict[str, int]]:
        """Return the supports to keep, those only counted, and the articles that are no supports."""
        most = self._rules.most_supports
        cut = 1 + max(0, len(members) - most)
        dropped = members[1:cut]
        names = {item.article_id for item in members}
        surplus = ((entry.surplus | absorbed.keys()) - {self._record.article_id}) | {
            item.article_id for item in dropped
        }
        past = {article: revision for article, revision in entry.past.items() if article not in names}
        past |= {article: revision for article, revision in absorbed.items() if article not in past}
        past |= {item.article_id: item.detection.revision for item in dropped}
        if gone and self._record.article_id not in names:
            past[self._record.article_id] = self._record.revision
        return members[:1] + members[cut:], surplus, past

    def _kept_or_new(self, event_id: str) -> Entry:
        if event_id in self._kept:
            return self._kept.get(event_id)
        now = self._kept.watermark
        return Entry(
            event_id=event_id,
            key=key_of(self._record),
            version=0,
            opened=now,
            touched=now,
            supports=(),
            told=(),
            forgotten=0,
            outlets_told=0,
            past={},
            surplus=frozenset(),
            rivals=frozenset(),
            follows=None,
            reason=None,
        )

    def _keep(self, entry: Entry, alert: Alert | None, summary: Summary | None, before: Alert | None) -> None:
        if alert is not None:
            value = wire.encode_alert(alert)
            cause = Told(
                article_id=self._record.article_id,
                revision=self._record.revision,
                turn=len(self.alerts),
                alert=value.decode("utf-8"),
            )
            self.alerts.append(Message(entry.event_id, value))
            self.told.append(alert)
            dropped = max(0, len(entry.told) + 1 - self._rules.most_alerts)
            entry = replace(
                entry,
                told=(*entry.told, cause)[dropped:],
                forgotten=entry.forgotten + dropped,
                outlets_told=max(entry.outlets_told, alert.independent_outlets),
            )
        entry = replace(entry, touched=self._kept.watermark, version=entry.version + 1)
        last = alert or before or entry.told[-1].read()
        self._last[entry.event_id] = last.alert_id
        self.changed.append(entry)
        self.states.append(threads.State(entry, summary, last))


def state_of(entry: Entry) -> threads.State:
    """Return the present state of an event."""
    summary = summarise(entry.supports, len(entry.surplus)) if entry.supports else None
    return threads.State(entry, summary, entry.told[-1].read())
