"""From detections to alerts in a replay: the live agents' own steps, one article at a time in a fixed order.

The state starts empty and follows from the records and their own times alone, so that a replay of the same range by the
same model gives the same events and alerts. It is kept by partition as live, because what expires depends on the latest
time seen in a partition.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from kafka.partitioner.default import murmur2

from detector.core.correlation.articles import ArticleMemory
from detector.core.correlation.correlator import Correlator
from detector.core.correlation.families import Families
from detector.core.correlation.step import Step
from detector.replay.event_states import EventStates
from detector.replay.scoring import Found
from detector.settings import Settings
from detector.stream.correlating import correlated, remembered, rules_of
from detector.stream.messages import Incoming, Outcome, Outgoing
from detector.stream.outcomes import one_by_one_on_error


class Correlation:
    """Correlates what one model finds; each model of a run has one of its own. The states of events wait in `states`."""

    def __init__(self, settings: Settings, families: Families, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._families = families
        self._rules = rules_of(settings.correlation)
        self._memories: dict[int, ArticleMemory] = {}
        self._correlators: dict[int, Correlator] = {}
        self._unkept: list[tuple[Step, int]] = []
        self.states = EventStates(settings, clock)

    def outcomes(self, record: Incoming, found: Found) -> Iterator[tuple[Outgoing, Outcome]]:
        """Give each detection and retraction of an article with what it comes to. Never raises for anything a record holds."""
        topic = self._settings.topics.detections
        memory = self._memories.get(record.partition)
        if memory is None:
            memory = self._memories[record.partition] = ArticleMemory(self._rules)
        if not found.detections and found.article_id not in memory:
            return
        detections = tuple(Outgoing(topic=topic, key=key, value=value) for key, value in found.detections)
        past = remembered(
            record, detections, memory, self._settings, article_id=found.article_id, withdrawn=found.withdrawn
        )
        for finding in (*detections, *past.retractions):
            read = Incoming(
                topic=topic,
                partition=self._partition(finding.key or b""),
                offset=record.offset,
                timestamp=record.timestamp,
                key=finding.key,
                value=finding.value,
            )
            work = partial(self._work, n=found.n)
            (outcome,) = one_by_one_on_error(work, [read], rejected_topic=self._settings.topics.rejected)
            yield finding, outcome

    def kept(self) -> None:
        """Have the states wait that came of records whose alerts are in the archive now: a state tells of no other alert."""
        for step, n in self._unkept:
            self.states.take(step, n)
        self._unkept.clear()

    def of(self, partition: int) -> Correlator:
        """Return the correlator of a partition of the detections."""
        if partition not in self._correlators:
            self._correlators[partition] = Correlator(self._rules, self._families)
        return self._correlators[partition]

    def rebuild(self, partition: int) -> None:
        """Make a correlator anew from what it has kept."""
        kept = dict(self._correlators[partition].entries)
        self._correlators[partition] = Correlator(self._rules, self._families, kept)

    def _work(self, records: Sequence[Incoming], *, n: int) -> list[Outcome]:
        def later(step: Step) -> None:
            self._unkept.append((step, n))

        return [correlated(record, self, self._settings, later=later) for record in records]

    def _partition(self, key: bytes) -> int:
        """Return where a Kafka producer puts a key."""
        hashed: int = murmur2(key)
        return (hashed & 0x7FFFFFFF) % self._settings.topics.partitions
