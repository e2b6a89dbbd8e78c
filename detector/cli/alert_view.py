"""Shows one alert of a thread: as a block on a terminal, as one tab-separated line elsewhere."""

from typing import Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from detector.cli.console import marked, type_label, visible
from detector.core.following import Change, Followed
from detector.core.records import Alert, Place
from detector.core.telling import telling_phrases

SHORT_ID: Final = 8
"""Digits of an event's id that people are shown; `detector events show` takes them."""

_MESSAGES: Final = {"alert": ("NEW", "bold"), "update": ("UPDATE", "bold cyan"), "cancel": ("CANCEL", "bold magenta")}


def alert_block(told: Alert | Followed) -> RenderableType:
    """Build the block: event and place in its thread, who, what, where, how sure, what changed, and the evidence.

    Telling words of the evidence are marked.
    """
    followed = told if isinstance(told, Followed) else Followed(alert=told)
    alert = followed.alert
    best = alert.evidence[0]
    word, style = _MESSAGES[alert.message_type]
    head = Text(f"{alert.last_seen:%Y-%m-%d %H:%M}  ")
    head.append(f"{thread_place(alert)} ", style="dim")
    head.append(f"{word} ", style=style)
    head.append_text(type_label(alert.type.value))
    head.append(f" {visible(alert.status).replace('_', ' ')}", style="bold")
    head.append(f"  {certainty_words(alert)}  ")
    head.append(place_words(alert.place), style="cyan" if alert.place else "dim")
    head.append(f"  {visible(best.outlet or 'unknown outlet')}", style="dim")
    note = note_words(followed)
    lines = [Padding(Text(note, style="bold"), (0, 0, 0, 4))] if note else []
    sentence = marked(best.sentence, telling_phrases(alert.why))
    return Group(head, *lines, Padding(sentence, (0, 0, 1, 4)))


def alert_line(told: Alert | Followed) -> str:
    """Build the line: time, type, status, confidence, place, outlet, event and sequence, message, note, evidence sentence."""
    followed = told if isinstance(told, Followed) else Followed(alert=told)
    alert = followed.alert
    best = alert.evidence[0]
    columns = (
        f"{alert.last_seen:%Y-%m-%dT%H:%MZ}",
        alert.type.value,
        alert.status,
        f"{alert.confidence:.2f}",
        place_words(alert.place),
        best.outlet or "-",
        thread_place(alert),
        alert.message_type,
        note_words(followed) or "-",
        best.sentence,
    )
    return "\t".join(visible(column) for column in columns)


def thread_place(alert: Alert) -> str:
    """Name the event and the alert's place in its thread, such as `3f2a9c1e#2`."""
    return f"{visible(alert.event_id[:SHORT_ID])}#{alert.sequence}"


def certainty_words(alert: Alert) -> str:
    """Say how sure and how grave it is: certainty, severity, confidence, and outlets where there are several."""
    words = [alert.certainty, *([alert.severity] if alert.severity else []), f"{alert.confidence:.2f}"]
    if alert.independent_outlets > 1:
        words.append(f"{alert.independent_outlets} outlets")
    return ", ".join(words)


def note_words(followed: Followed) -> str:
    """Say what an update changed, why an event was cancelled, or where a new one comes from; empty when there is nothing."""
    notes = [_change_words(change) for change in followed.changes]
    if followed.alert.reason:
        notes.append(visible(followed.alert.reason))
    if followed.related:
        notes.append("see " + ", ".join(visible(event_id[:SHORT_ID]) for event_id in followed.related))
    return "; ".join(notes)


def _change_words(change: Change) -> str:
    name, new = visible(change.name).replace("_", " "), visible(change.new).replace("_", " ")
    if change.old is None:
        return f"{name} now {new}"
    return f"{name} {visible(change.old).replace('_', ' ')} → {new}"


def place_words(place: Place | None) -> str:
    """Name the place, or say that it is unknown."""
    if place is None:
        return "place unknown"
    if place.precision == "country":
        return visible(f"{place.name} ({place.country})")
    return visible(f"{place.name}, {place.country}")
