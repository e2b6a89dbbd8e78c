"""One replay from its first record to its last: records to the scoring processes, their answers in order to the archive."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from detector.core.moments import format_time
from detector.errors import DetectorError
from detector.kafka.unreadable import Unreadable
from detector.loading import load_families
from detector.replay.archive import AlertRow, EventRow, RejectedRow, Row, RunArchive, Tables, tables_of
from detector.replay.batches import Batch, PartitionAccount, batches
from detector.replay.correlation import Correlation
from detector.replay.models import ReplayModel
from detector.replay.pool import ScoringPool
from detector.replay.publishing import RunPublisher
from detector.replay.scoring import Found, Scored, rejected_row
from detector.replay.sources import Source
from detector.settings import Settings
from detector.stream.messages import Incoming, Outcome, Outgoing

CORRUPT: Final = "corrupt"
"""Reason of a record that cannot be read, beside those for which a live worker rejects."""

INTERRUPTED: Final = "interrupted by Ctrl-C or SIGTERM"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a run ended: of itself, or partially and why."""

    partial_reason: str | None = None
    error: DetectorError | None = None
    """What to show and to exit with, where an error is the reason."""


class Replay:
    """Runs once; what it finds is in the archive, batch by batch, and what it counted in `counts`.

    Args:
        settings: topics, broker, processes, batch size.
        source: what is read.
        models: each scores every article.
        archive: takes everything; owned by the caller.
        publisher: takes detections and alerts too, if there is one; owned by the caller.
        limit: stop after this many records.
        now: the clock of the run's own start and end; nothing that is decided depends on it.
    """

    def __init__(
        self,
        settings: Settings,
        source: Source,
        models: Sequence[ReplayModel],
        archive: RunArchive,
        *,
        publisher: RunPublisher | None,
        limit: int | None,
        now: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._source = source
        self._models = models
        self._archive = archive
        self._publisher = publisher
        self._limit = limit
        self._now = now
        families = load_families()
        self._correlations = {model.info.digest: Correlation(settings, families, time.monotonic) for model in models}
        self._accounts = {one.partition: PartitionAccount(one.begin) for one in source.ranges}
        self._damaged: list[str] = []
        self._seconds: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        """Records, articles, withdrawals, rejected, unreadable; `detections.MODEL.TYPE` and `alerts.MODEL`."""

    def run(self, advance: Callable[["Replay"], None]) -> Ending:
        """Read, score and keep everything; blocks until done or interrupted. `advance` is told after each batch."""
        self._archive.set_meta({"started_at": format_time(self._now()), **self._facts()})
        ending = Ending()
        try:
            with closing(self._source.items()) as items, ScoringPool(self._settings, self._models) as pool:
                records = batches(items, size=self._settings.replay.batch_records, limit=self._limit)
                for batch, scored in pool.scored(records):
                    self._keep(batch, scored)
                    advance(self)
        except KeyboardInterrupt:
            ending = Ending(partial_reason=INTERRUPTED)
        except DetectorError as error:
            ending = Ending(partial_reason=str(error), error=error)
        try:
            self._write_states(everything=True)
        except DetectorError as error:
            ending = Ending(partial_reason=ending.partial_reason or str(error), error=ending.error or error)
        if ending.partial_reason is None and not (self._limit and self.counts["records"] >= self._limit):
            self._finish_accounts()
        self._archive.set_meta(
            {
                "ended_at": format_time(self._now()),
                "partial": ending.partial_reason is not None,
                "partial_reason": ending.partial_reason,
                **self._facts(),
            }
        )
        return ending

    @property
    def offsets_done(self) -> int:
        """How many offsets of the ranges are done."""
        return sum(self._accounts[one.partition].read_to - one.begin for one in self._source.ranges)

    @property
    def offsets_in_all(self) -> int | None:
        """How many offsets the ranges have; `None` while that is unknown."""
        return sum(one.size for one in self._source.ranges) or None

    def _keep(self, batch: Batch, scored: Scored) -> None:
        rows: list[Row] = [row for one in batch.unreadable for row in self._unreadable(one)]
        unreadable = len(rows)
        sent: list[Outgoing] = []
        for found in scored.found:
            record = batch.records[found.n - batch.first]
            for finding, outcome in self._correlations[found.model].outcomes(record, found):
                self.counts[f"detections.{found.model}"] += finding.key in dict(found.detections)
                rows += self._correlated(record, found, outcome)
                sent += [finding, *outcome.outgoing]
        self._archive.write(_merged(scored.tables, tables_of(rows)))
        for correlation in self._correlations.values():
            correlation.kept()
        if self._publisher:
            self._publisher.publish(sent)
        self._write_states(everything=False)
        for record in batch.records:
            self._accounts[record.partition].add(record)
        self._seconds.update(scored.core_seconds)
        self.counts.update(
            records=len(batch.records),
            articles=scored.articles,
            withdrawals=scored.withdrawals,
            rejected=scored.rejected,
            unreadable=unreadable,
        )

    def _correlated(self, record: Incoming, found: Found, outcome: Outcome) -> Iterator[Row]:
        """Give what the archive keeps of a detection: alerts, or a rejection that no one else is told of."""
        if outcome.rejected:
            yield rejected_row(record.partition, record.offset, outcome.rejected)
        for outgoing in outcome.outgoing:
            if outgoing.topic == self._settings.topics.alerts:
                self.counts[f"alerts.{found.model}"] += 1
                yield _alert_row(found, outgoing)

    def _write_states(self, *, everything: bool) -> None:
        """Write and publish the states of events that are due."""
        for model, correlation in self._correlations.items():
            due = correlation.states.due(everything=everything)
            if not due:
                continue
            rows = [
                EventRow(model=model, event_id=(state.key or b"").decode("ascii"), n=n, record=state.value)
                for n, state in due
                if state.value
            ]
            self._archive.write(tables_of(rows))
            if self._publisher:
                self._publisher.publish([state for _, state in due])
            correlation.states.written()

    def _unreadable(self, one: Unreadable) -> Iterator[RejectedRow]:
        account = self._accounts[one.partition]
        account.read_to = max(account.read_to, one.end)
        last = f" to {one.end - 1}" if one.end - one.begin > 1 else ""
        self._damaged.append(f"partition {one.partition}, offset {one.begin}{last}: cannot be read: {one.why}")
        if not one.deleted:
            for offset in range(one.begin, one.end):
                yield RejectedRow(
                    partition=one.partition,
                    offset=offset,
                    article_id=None,
                    field="message",
                    reason=CORRUPT,
                    detail=one.why,
                )

    def _finish_accounts(self) -> None:
        """Count the offsets behind the last record, of markers and compacted records, as done."""
        for one in self._source.ranges:
            account = self._accounts[one.partition]
            account.read_to = max(account.read_to, one.end)

    def _facts(self) -> dict[str, Any]:
        """What the archive's `meta` says of source, models and counts so far."""
        partitions = [
            {
                "partition": one.partition,
                "from_offset": one.begin,
                "to_offset": max(one.end, self._accounts[one.partition].read_to),
                "read_to": self._accounts[one.partition].read_to,
                "records": self._accounts[one.partition].records,
                "asked_from": one.asked[0],
                "asked_to": one.asked[1],
                "first_timestamp": self._accounts[one.partition].first_timestamp,
                "last_timestamp": self._accounts[one.partition].last_timestamp,
                "note": one.note,
            }
            for one in self._source.ranges
        ]
        return {
            "source": {**self._source.about(), "partitions": partitions},
            "models": [
                {
                    "digest": model.info.digest,
                    "name": model.info.name,
                    "version": model.info.version,
                    "thresholds": dict(model.thresholds),
                    "seconds": round(self._seconds[model.info.digest], 3),
                    "articles": self.counts["articles"],
                }
                for model in self._models
            ],
            "counts": dict(self.counts),
            "warnings": self.warnings(),
        }

    def warnings(self) -> list[str]:
        """What a reader of the result must know of what was read."""
        return [*self._source.warnings(), *self._damaged]


def _alert_row(found: Found, outgoing: Outgoing) -> AlertRow:
    alert = json.loads(outgoing.value or b"{}")
    return AlertRow(
        n=found.n,
        model=found.model,
        alert_id=alert["alert_id"],
        event_id=alert["event_id"],
        message_type=alert["message_type"],
        type=alert["type"],
        record=outgoing.value or b"",
    )


def _merged(first: Tables, second: Tables) -> Tables:
    return {table: [*first.get(table, ()), *second.get(table, ())] for table in first.keys() | second.keys()}
