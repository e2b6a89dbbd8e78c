"""How long live workers took, from the arrival of an article to its detection and to the alert: read from their own topics.

A replay cannot know: its clock is the data's, so each of its alerts goes out when its article arrives. The broker can, because
it stamps each record of `articles`, `detections` and `alerts` with its own clock when it appends it.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

import numpy as np
from kafka.consumer.fetcher import ConsumerRecord

from detector.core.eventtypes import EventType
from detector.core.judging.delays import LiveTimes
from detector.core.records import Detection
from detector.core.wire import RecordError, decode_alert, decode_finding
from detector.errors import UsageError
from detector.kafka.admin import broker_errors
from detector.kafka.range_reading import open_range
from detector.kafka.ranges import RangeRequest, partitions_of
from detector.kafka.reading import connect
from detector.kafka.unreadable import Unreadable
from detector.settings import Settings

LATEST: Final = timedelta(days=1)
"""How long after the run's last article its alerts are looked for; what came later had waited for something else."""

_LOG_APPEND_TIME: Final = 1
_CANCEL: Final = "cancel"

Arrivals: TypeAlias = dict[tuple[str, EventType], list[float]]
"""By article and type, when the articles of the run's live detections arrived, in epoch seconds."""


def require_topics(settings: Settings, alerts: str) -> None:
    """Raise `DetectorError` when the broker or one of the two topics is not there."""
    with broker_errors(settings), closing(connect(settings)) as consumer:
        for topic in (settings.topics.detections, alerts):
            partitions_of(consumer, topic)


class LiveReader:
    """Reads the live topics about one run.

    Args:
        settings: broker, and the topic of the detections.
        alerts: the topic of the alerts.
        connection: the run's archive.
        model: digest of the model whose detections and alerts are meant.
    """

    def __init__(self, settings: Settings, alerts: str, connection: sqlite3.Connection, model: str) -> None:
        self._settings = settings
        self._alerts = alerts
        self._connection = connection
        self._model = model
        self._notes: list[str] = []
        self._faults = 0

    def times(self) -> LiveTimes:
        """Return the times; blocks while both topics are read, from the run's first article on.

        Of a record that was sent again the first one counts. Raises `DetectorError` for the broker, `UsageError` for a run
        whose articles have no time of arrival.
        """
        request, wanted = self._request(), self._detection_ids()
        arrivals: Arrivals = defaultdict(list)
        detected = self._detected(request, wanted, arrivals)
        told = self._told(request, arrivals)
        if wanted and not detected:
            self._notes.append(
                f"{self._settings.topics.detections} holds no live detection of this run by {self._model}"
            )
        if self._faults:
            self._notes.append(f"{self._faults} records of the live topics could not be read")
        missing = np.full(len(wanted) - len(detected), np.nan)
        return LiveTimes(
            detections=np.concatenate([np.array(detected, dtype=np.float64), missing]),
            alerts=np.array(told, dtype=np.float64),
            source=f"{self._settings.topics.detections}, {self._alerts}",
            notes=tuple(self._notes),
        )

    def _request(self) -> RangeRequest:
        first, last = self._connection.execute("SELECT min(ingested_at), max(ingested_at) FROM articles").fetchone()
        if first is None:
            raise UsageError("--live-alerts: no article of this run has a time of arrival to count from")
        start, end = (datetime.fromtimestamp(moment, UTC) for moment in (first, last))
        return RangeRequest(start=start, end=end + LATEST)

    def _detection_ids(self) -> set[str]:
        query = "SELECT record FROM detections WHERE model = ?"
        return {json.loads(record)["detection_id"] for (record,) in self._connection.execute(query, (self._model,))}

    def _detected(self, request: RangeRequest, wanted: set[str], arrivals: Arrivals) -> list[float]:
        """Seconds from arrival to each detection of the run that is found; notes when its article arrived."""
        seen: set[str] = set()
        delays = []
        for record in self._read(self._settings.topics.detections, request):
            try:
                detection = decode_finding(record.value or b"")
            except RecordError:
                self._faults += 1
                continue
            if (
                not isinstance(detection, Detection)
                or detection.detection_id not in wanted
                or not detection.ingested_at
            ):
                continue
            arrived = detection.ingested_at.timestamp()
            arrivals[detection.article_id, detection.type].append(arrived)
            if detection.detection_id not in seen:
                seen.add(detection.detection_id)
                delays.append(record.timestamp / 1000 - arrived)
        return delays

    def _told(self, request: RangeRequest, arrivals: Arrivals) -> list[float]:
        """Seconds to each alert and update from the arrival of the article that caused it: the last one it rests on."""
        seen: set[str] = set()
        delays = []
        for record in self._read(self._alerts, request):
            try:
                alert = decode_alert(record.value or b"")
            except RecordError:
                self._faults += 1
                continue
            if alert.model.digest != self._model or alert.message_type == _CANCEL or alert.alert_id in seen:
                continue
            seen.add(alert.alert_id)
            sent = record.timestamp / 1000
            articles = {evidence.article_id for evidence in alert.evidence}
            causes = [moment for one in articles for moment in arrivals.get((one, alert.type), ()) if moment <= sent]
            if causes:
                delays.append(sent - max(causes))
        return delays

    def _read(self, topic: str, request: RangeRequest) -> Iterator[ConsumerRecord]:
        stamped_by_producers = 0

        def unreadable(found: Unreadable) -> None:
            self._notes.append(f"{topic}: partition {found.partition}, offset {found.begin}: {found.why}")

        with open_range(self._settings, topic, request, unreadable=unreadable) as reader:
            for record in reader:
                stamped_by_producers += record.timestamp_type != _LOG_APPEND_TIME
                yield record
        if stamped_by_producers:
            self._notes.append(
                f"{topic} carries its producers' times (CreateTime): when they sent, not when it arrived"
            )
