"""What one record does to the state: what to keep, what to tell, and why."""

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from detector.core.correlation.threads import State
from detector.core.records import Alert, Comparison

DecisionKind: TypeAlias = Literal["opened", "joined", "repeated", "retracted", "unknown"]


class Message(NamedTuple):
    """A keyed value for a topic; `None` deletes the key there."""

    key: str
    value: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What became of a record."""

    kind: DecisionKind
    """`repeated`: seen before, or older than what is known of its article. `unknown`: a retraction of nothing that is known."""
    event_id: str | None
    """The event that it supports now, or supported."""
    why_merged: Comparison | None
    merged: tuple[str, ...]
    """Events that were cancelled because they turned out to be part of another."""
    parted: tuple[str, ...]
    """Events that were opened because they turned out not to be part of another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The result of one record. All of it follows from the state before and the record.

    `entries` must be written to the changelog in this order, `alerts` and `events` published; when all is delivered,
    the record is finished. After a crash anywhere in between, the record processed again gives the same alerts, and
    what was not written is written then.
    """

    entries: tuple[Message, ...]
    alerts: tuple[Message, ...]
    """Keyed by event id."""
    told: tuple[Alert, ...]
    """Those of `alerts` that are new; none of a record that was seen before."""
    states: tuple[State, ...]
    """Of the events that it changed."""
    decision: Decision
    expired: tuple[str, ...]
    """Events that are forgotten from now on."""

    @property
    def events(self) -> tuple[Message, ...]:
        """The records for the topic `events`, keyed by event id; written at each asking."""
        gone = (Message(event_id, None) for event_id in self.expired)
        return (*gone, *(Message(state.entry.event_id, state.encoded()) for state in self.states))
