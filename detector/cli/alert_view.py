"""Shows one alert: as a block on a terminal, as one tab-separated line elsewhere."""

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from detector.cli.console import marked, type_label, visible
from detector.core.records import Alert
from detector.core.telling import telling_phrases


def alert_block(alert: Alert) -> RenderableType:
    """Build the block: who, what, where, how sure, and the sentence it rests on with the telling words marked."""
    best = alert.evidence[0]
    head = Text(f"{alert.last_seen:%Y-%m-%d %H:%M}  ")
    head.append_text(type_label(alert.type.value))
    head.append(f" {visible(alert.status).replace('_', ' ')}", style="bold")
    head.append(f"  {alert.confidence:.2f}  ")
    head.append(place_words(alert), style="cyan" if alert.place else "dim")
    head.append(f"  {visible(best.outlet or 'unknown outlet')}", style="dim")
    sentence = marked(best.sentence, telling_phrases(alert.why))
    return Group(head, Padding(sentence, (0, 0, 1, 4)))


def alert_line(alert: Alert) -> str:
    """Build the line: time, type, status, confidence, place, outlet, evidence sentence."""
    best = alert.evidence[0]
    columns = (
        f"{alert.last_seen:%Y-%m-%dT%H:%MZ}",
        alert.type.value,
        alert.status,
        f"{alert.confidence:.2f}",
        place_words(alert),
        best.outlet or "-",
        best.sentence,
    )
    return "\t".join(visible(column) for column in columns)


def place_words(alert: Alert) -> str:
    """Name the place, or say that it is unknown."""
    if alert.place is None:
        return "place unknown"
    if alert.place.precision == "country":
        return visible(f"{alert.place.name} ({alert.place.country})")
    return visible(f"{alert.place.name}, {alert.place.country}")
