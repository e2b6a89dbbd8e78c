"""Scenarios: articles in order of arrival, and the exact thread that subscribers must see.

A file of `tests/scenarios` holds:

- `story`: one sentence;
- `records`: what arrives, in this order. Each is an article (`id`, `at`, `text`, and `title`, `outlet`, `url` as wanted) or
  `withdraw: ID` with `at`. `at` is when it was published, `received` when it arrived (the same unless given), `undated: true`
  leaves the publication unknown. With `found`, a list of `type`, `status`, `evidence` (a part of the text; default its first
  sentence) and `confidence`, the classifier is passed by and the rest is done by the real detector: place, figures, sketch.
  Without it the shipped classifier decides. `place` of a finding is null, the gazetteer's answer (default), or an object;
- `thread`: all alerts in order: `after` (the record's id), `event` (a letter: A is the first event), `message`, and other
  fields of an alert; `references` name alerts as `A0`. Fields that are not given are not looked at, except `changed`,
  `references` and `reason`, and every alert must be listed;
- `events`: at the end, by letter: `articles` and any fields of the event's record.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import yaml

from detector.core import wire
from detector.core.correlation.articles import ArticleMemory
from detector.core.correlation.correlator import Correlator
from detector.core.correlation.families import Families
from detector.core.correlation.key import key_of
from detector.core.correlation.rules import Rules
from detector.core.correlation.step import Message, Step
from detector.core.detect import Detector
from detector.core.eventtypes import EventType
from detector.core.records import Alert, Article, Detection, Event, Evidence, Finding, Place, Retraction

FOLDER: Final = Path(__file__).resolve().parents[1] / "scenarios"
PARTITIONS: Final = 3
"""Detections are spread over several correlators, as they are over partitions."""


@dataclass
class Pipeline:
    """Both agents in memory: every topic is a list, every table a dict of bytes."""

    detector: Detector
    families: Families
    rules: Rules = field(default_factory=Rules)
    articles: dict[str, bytes] = field(default_factory=dict)
    changelogs: list[dict[str, bytes]] = field(default_factory=lambda: [{} for _ in range(PARTITIONS)])
    events: dict[str, bytes] = field(default_factory=dict)
    alerts: list[bytes] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    restart: bool = False
    """Restore everything from the changelogs before each record."""

    def __post_init__(self) -> None:
        self._correlators = [Correlator(self.rules, self.families) for _ in range(PARTITIONS)]
        self._memory = ArticleMemory(self.rules)

    def receive(self, record: dict[str, Any], revision: int) -> list[bytes]:
        """Take in a record of a scenario; return the alerts that it caused, which are also kept."""
        moment = received(record)
        before = len(self.alerts)
        name = str(record.get("withdraw") or record.get("id"))
        withdrawn = "withdraw" in record
        found = [] if withdrawn else self._detections(record, revision, moment)
        if self.restart:
            self._memory = ArticleMemory(self.rules, self.articles)
        revised = self._memory.revise(
            name, map(key_of, found), revision=revision, ingested_at=moment, withdrawn=withdrawn
        )
        _apply(self.articles, revised.entries)
        findings: list[Detection | Retraction] = [*found, *revised.retractions]
        for finding in findings:
            self._correlate(finding)
        return self.alerts[before:]

    def current(self) -> dict[str, Event]:
        """Return the events as the compacted topic has them."""
        return {name: wire.decode_event(value) for name, value in self.events.items()}

    def _correlate(self, finding: Detection | Retraction) -> None:
        encoded = wire.encode_detection(finding) if isinstance(finding, Detection) else wire.encode_retraction(finding)
        finding = wire.decode_finding(encoded)
        partition = sum(key_of(finding).encode()) % PARTITIONS
        if self.restart:
            self._correlators[partition] = Correlator(self.rules, self.families, self.changelogs[partition])
        step = self._correlators[partition].process(finding, encoded)
        self.steps.append(step)
        _apply(self.changelogs[partition], step.entries)
        _apply(self.events, step.events)
        self.alerts += [value for _, value in step.alerts if value is not None]

    def _detections(self, record: dict[str, Any], revision: int, moment: datetime) -> list[Detection]:
        article = Article(
            id=str(record["id"]),
            text=record["text"].strip(),
            title=record.get("title"),
            url=record.get("url"),
            outlet=record.get("outlet"),
            published_at=None if record.get("undated") else _time(record["at"]),
        )
        if "found" not in record:
            ((_, found),) = self.detector.detect(
                [article], ingested_at=[moment], detected_at=moment, revisions=[revision]
            )
            return found
        return [self._given(article, item, moment, revision) for item in record["found"]]

    def _given(self, article: Article, item: dict[str, Any], moment: datetime, revision: int) -> Detection:
        sentence = item.get("evidence") or article.text.partition(". ")[0]
        start = article.text.index(sentence)
        confidence = item.get("confidence", 0.9)
        finding = Finding(
            type=EventType(item["type"]),
            status=item["status"],
            confidence=confidence,
            threshold=0.5,
            evidence=(
                Evidence(
                    field="text", start=start, end=start + len(sentence), sentence=sentence, confidence=confidence
                ),
            ),
            why=(),
        )
        detection = self.detector.detection(article, finding, moment, moment, revision)
        if "place" not in item:
            return detection
        place = Place(**item["place"]) if item["place"] else None
        return Detection(
            **{name: getattr(detection, name) for name in Detection.__slots__}
            | {"place": place, "place_reason": None if place else "no place named near the evidence"}
        )


def _apply(table: dict[str, bytes], messages: Iterable[Message]) -> None:
    for key, value in messages:
        table.pop(key, None)
        if value is not None:
            table[key] = value


def scenarios() -> list[Path]:
    """Return the scenario files."""
    return sorted(FOLDER.glob("*.yaml"))


def read(path: Path) -> dict[str, Any]:
    """Read a scenario."""
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content


def letters(alerts: list[Alert]) -> dict[str, str]:
    """Name the events A, B, C in the order in which they were first told."""
    names: dict[str, str] = {}
    for alert in alerts:
        names.setdefault(alert.event_id, chr(ord("A") + len(names)))
    return names


def shown(alert: Alert, after: str, names: dict[str, str], numbers: dict[str, str]) -> dict[str, Any]:
    """Return an alert as a scenario writes it."""
    return {
        "after": after,
        "event": names[alert.event_id],
        "message": alert.message_type,
        "status": alert.status,
        "certainty": alert.certainty,
        "severity": alert.severity,
        "place": alert.place.name if alert.place else None,
        "articles": alert.articles,
        "outlets": alert.independent_outlets,
        "changed": list(alert.changed),
        "references": [numbers[name] for name in alert.references],
        "reason": alert.reason,
        "headline": alert.headline,
        "type": alert.type.value,
    }


def play(pipeline: Pipeline, records: list[dict[str, Any]]) -> Iterator[tuple[str, Alert]]:
    """Give a scenario's alerts in order, each with the id of the record that caused it."""
    for number, record in enumerate(records):
        for value in pipeline.receive(record, number):
            yield str(record.get("withdraw") or record["id"]), wire.decode_alert(value)


def received(record: dict[str, Any]) -> datetime:
    """Return when a record of a scenario arrives."""
    return _time(record.get("received") or record["at"])


def _time(value: object) -> datetime:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
