"""The states of events on their way to the archive: an event in all the news is not written for each of its articles."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from detector.core.correlation.step import Step
from detector.core.correlation.threads import State
from detector.settings import Settings
from detector.stream.messages import Outgoing

_SECONDS: Final = 60.0
"""How old a state may get before it is written: so much is lost when the run is killed."""

_SUPPORTS: Final = 20_000
"""Of the events that wait, at most: what keeps memory bounded."""


class EventStates:
    """The latest state of each event that changed, of one model, until it is written.

    Args:
        settings: the topic that a live worker publishes states to.
        clock: monotonic seconds; decides when states are due, not what they are.
    """

    def __init__(self, settings: Settings, clock: Callable[[], float]) -> None:
        self._topic = settings.topics.events
        self._clock = clock
        self._written_at = clock()
        self._waiting: dict[str, tuple[int, State]] = {}
        self._supports = 0
        self._ended: list[tuple[int, Outgoing]] = []
        self._offered: list[str] = []

    def take(self, step: Step, n: int) -> None:
        """Take in what record `n` did; what is forgotten is due at once, its last state before its end."""
        for event_id in step.expired:
            self._ended += self._encoded([event_id])
            self._drop(event_id)
            self._ended.append((n, Outgoing(topic=self._topic, key=event_id.encode("ascii"), value=None)))
        for state in step.states:
            event_id = state.entry.event_id
            self._supports += 1 + len(state.entry.supports) - self._weight(event_id)
            self._waiting[event_id] = n, state

    def due(self, *, everything: bool = False) -> list[tuple[int, Outgoing]]:
        """Return what is to be written now, each with the number of the record that brought it.

        It waits on until `written` is called.
        """
        late = self._supports > _SUPPORTS or self._clock() - self._written_at > _SECONDS
        self._offered = list(self._waiting) if everything or late else []
        return [*self._ended, *self._encoded(self._offered)]

    def written(self) -> None:
        """Forget what `due` gave last."""
        self._ended.clear()
        for event_id in self._offered:
            self._drop(event_id)
        if self._offered:
            self._written_at = self._clock()

    def _encoded(self, event_ids: Iterable[str]) -> Iterator[tuple[int, Outgoing]]:
        for event_id in event_ids:
            if event_id in self._waiting:
                n, state = self._waiting[event_id]
                yield n, Outgoing(topic=self._topic, key=event_id.encode("ascii"), value=state.encoded())

    def _drop(self, event_id: str) -> None:
        self._supports -= self._weight(event_id)
        self._waiting.pop(event_id, None)

    def _weight(self, event_id: str) -> int:
        return 1 + len(self._waiting[event_id][1].entry.supports) if event_id in self._waiting else 0
