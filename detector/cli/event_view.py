"""Shows events: as a table of those there are, and one of them as its whole thread."""

from collections.abc import Sequence
from typing import Final

import click
from rich.text import Text

from detector.cli.alert_view import SHORT_ID, alert_block, alert_line, place_words
from detector.cli.console import marked, output, print_table, type_label, visible
from detector.core.following import Followed
from detector.core.moments import format_time
from detector.core.records import Comparison, Event, EventArticle, Transition

_HEADERS: Final = (
    *("event", "type", "status", "certainty", "severity", "place", "confidence"),
    *("articles", "outlets", "last seen", "headline"),
)


def print_events(events: Sequence[Event]) -> None:
    """Print one row an event: a table on a terminal, tab-separated lines elsewhere."""
    print_table(_HEADERS, [event_row(event) for event in events])


def event_row(event: Event) -> tuple[str, ...]:
    """Give an event's columns."""
    return (
        visible(event.event_id[:SHORT_ID]),
        event.type.value,
        visible(event.status) if event.state == "live" else f"{visible(event.status)} (withdrawn)",
        event.certainty,
        event.severity or "-",
        place_words(event.place),
        f"{event.confidence:.2f}",
        str(event.articles),
        str(event.independent_outlets),
        f"{event.last_seen:%Y-%m-%dT%H:%MZ}",
        visible(event.headline),
    )


def print_thread(event: Event | None, event_id: str, alerts: Sequence[Followed]) -> None:
    """Print everything about one event; one that has expired has its alerts only."""
    console = output()
    if not console.is_terminal:
        for line in thread_lines(event, event_id, alerts):
            click.echo(line)
        return
    if event is None:
        console.print(Text(f"Event {event_id} has expired; its alerts are what is left.\n", style="bold"))
    else:
        head = Text(f"{visible(event.event_id)}  ", style="dim")
        head.append_text(type_label(event.type.value))
        head.append(f"  {visible(event.headline)}", style="bold")
        console.print(head)
        for name, value in facts(event):
            console.print(Text(f"  {name}: {value}"))
        console.print(Text("\nArticles", style="bold"))
        for article in event.supports:
            console.print(Text("  " + "  ".join(article_words(article))))
            for evidence in article.evidence:
                console.print(Text("      ").append_text(marked(evidence.sentence, ())))
            if article.why_merged:
                console.print(Text(f"      {why_merged_words(article.why_merged)}", style="dim"))
        console.print(Text("\nTransitions", style="bold"))
        for step in event.transitions:
            console.print(Text("  " + " ".join(transition_words(step)), style="" if step.taken else "dim"))
        console.print(Text(f"\nAlerts ({len(alerts)})\n", style="bold"))
    for followed in alerts:
        console.print(alert_block(followed))


def thread_lines(event: Event | None, event_id: str, alerts: Sequence[Followed]) -> list[str]:
    """Give the thread as tab-separated lines; the first column says what a line is about."""
    lines: list[tuple[str, ...]] = [("event", event_id)]
    if event is None:
        lines.append(("state", "expired"))
    else:
        lines += facts(event)
        for article in event.supports:
            lines.append(("article", *article_words(article)))
            lines += [
                (
                    "evidence",
                    visible(article.article_id),
                    f"{item.field}[{item.start}:{item.end}]",
                    visible(item.sentence),
                )
                for item in article.evidence
            ]
            if article.why_merged:
                lines.append(("why merged", visible(article.article_id), why_merged_words(article.why_merged)))
        lines += [("transition", *transition_words(step)) for step in event.transitions]
    return ["\t".join(line) for line in lines] + ["alert\t" + alert_line(followed) for followed in alerts]


def facts(event: Event) -> list[tuple[str, str]]:
    """Name what is known of an event as a whole, and its value."""
    figures = ", ".join(f"{item.unit} {item.bound.replace('_', ' ')} {item.value}" for item in event.quantities)
    found = {
        "type": event.type.value,
        "state": event.state,
        "reason": visible(event.reason) if event.reason else None,
        "follows": visible(event.follows) if event.follows else None,
        "headline": visible(event.headline),
        "status": visible(event.status),
        "certainty": event.certainty,
        "severity": event.severity,
        "figures": figures.replace("exact ", "") or None,
        "confidence": f"{event.confidence:.2f}",
        "place": place_words(event.place) + (f" ({visible(event.place_reason)})" if event.place_reason else ""),
        "articles": str(event.articles),
        "independent outlets": str(event.independent_outlets),
        "first seen": format_time(event.first_seen),
        "last seen": format_time(event.last_seen),
    }
    return [(name, value) for name, value in found.items() if value is not None]


def article_words(article: EventArticle) -> tuple[str, ...]:
    """Give an article's columns: time, id, outlet, who is behind it, status, confidence, id, title, address."""
    return (
        format_time(article.seen_at),
        visible(article.article_id),
        visible(article.outlet or "-"),
        visible(article.source or "-"),
        visible(article.status),
        f"{article.confidence:.2f}",
        visible(article.title or "-"),
        visible(article.url or "-"),
    )


def transition_words(step: Transition) -> tuple[str, ...]:
    """Give a transition's columns: time, status, whether it was taken, and the article that reported it."""
    return (
        format_time(step.seen_at),
        visible(step.status),
        "taken" if step.taken else "not taken: the event could not go there from its status",
        visible(step.article_id),
    )


def why_merged_words(why: Comparison) -> str:
    """Say what an article has in common with the one that it was compared with."""
    parts = [f"like {visible(why.article_id)}: {why.similarity:.2f}"]
    parts += [visible(", ".join(why.terms))] if why.terms else []
    parts += [visible(", ".join(why.figures))] if why.figures else []
    parts += [f"{why.days} days apart"] if why.days is not None else []
    parts += [f"{why.kilometres} km apart"] if why.kilometres is not None else []
    parts += ["a copy"] if why.copy else []
    return "; ".join(parts)
