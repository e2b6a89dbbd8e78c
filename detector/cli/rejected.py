"""`detector rejected`: shows the dead letters and puts chosen ones back on their topic."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import click
from kafka import KafkaProducer

from detector.cli.console import messages, print_table, visible
from detector.cli.options import StartingPoint, StartingPointType, broker_option, settings_for
from detector.cli.range_options import request_from, say_unreadable
from detector.core.moments import format_time
from detector.core.records import RejectReason
from detector.errors import UsageError
from detector.kafka.admin import broker_errors
from detector.kafka.clients import kafka_python_options
from detector.kafka.range_reading import open_range
from detector.settings import Settings
from detector.stream.messages import HEADER_PREFIX


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A dead letter as a person looks at it; `position` names it for `rejected replay`."""

    position: str
    rejected_at: str
    topic: str
    partition: str
    offset: str
    reason: str
    field: str
    detail: str
    key: str
    size: int


@click.group(epilog="Example: detector rejected list --reason not_json")
def rejected() -> None:
    """Look at dead letters and put them back."""


@rejected.command(name="list", epilog="Example: detector rejected list --from 2026-01-01 --json")
@broker_option
@click.option(
    "--reason", "reasons", multiple=True, type=click.Choice([r.value for r in RejectReason]), help="Repeatable."
)
@click.option("--from", "start", type=StartingPointType(), default="beginning", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for programs.")
def list_letters(
    broker_address: str | None,
    reasons: tuple[str, ...],
    start: StartingPoint,
    as_json: bool,  # noqa: FBT001 click passes flags so
) -> None:
    """List what was rejected, where it stood and why."""
    letters = [
        letter for letter, _ in _letters(settings_for(broker_address), start) if not reasons or letter.reason in reasons
    ]
    if as_json:
        for letter in letters:
            click.echo(json.dumps(asdict(letter), ensure_ascii=False))
        return
    print_table(
        ("position", "rejected at", "from", "reason", "field", "detail", "bytes"),
        [
            (
                letter.position,
                letter.rejected_at,
                f"{letter.topic}/{letter.partition}/{letter.offset}",
                letter.reason,
                visible(letter.field),
                visible(letter.detail),
                str(letter.size),
            )
            for letter in letters
        ],
    )
    messages().print(f"{len(letters)} dead letters")


@rejected.command(
    epilog="Example: detector rejected replay 0:17 2:3    or: detector rejected replay --reason internal_error"
)
@broker_option
@click.argument("positions", nargs=-1)
@click.option(
    "--reason", "reasons", multiple=True, type=click.Choice([r.value for r in RejectReason]), help="Repeatable."
)
@click.option("--all", "everything", is_flag=True, help="Every dead letter there is.")
@click.option("--dry-run", is_flag=True, help="Say what would be put back, and do nothing.")
def replay(
    broker_address: str | None,
    positions: tuple[str, ...],
    reasons: tuple[str, ...],
    everything: bool,  # noqa: FBT001 click passes flags so
    dry_run: bool,  # noqa: FBT001 as above
) -> None:
    """Put dead letters back on the topic they came from: those at a POSITION, those of a --reason, or all.

    The original key, bytes and headers are sent again. A dead letter stays on its own topic until retention removes it.
    """
    if not (positions or reasons or everything):
        message = "say which: POSITION (see `detector rejected list`), --reason or --all"
        raise UsageError(message)
    settings = settings_for(broker_address)
    chosen = [
        (letter, record)
        for letter, record in _letters(settings, "beginning")
        if everything or letter.position in positions or letter.reason in reasons
    ]
    odd = [letter.position for letter, record in chosen if any(value is None for _, value in record.headers)]
    if odd:
        message = f"{', '.join(odd)} cannot be sent again: a header there has no value; leave them out"
        raise UsageError(message)
    unknown = set(positions) - {letter.position for letter, _ in chosen}
    if unknown:
        message = f"no dead letter at {', '.join(sorted(unknown))}; see `detector rejected list`"
        raise UsageError(message)
    if not dry_run:
        with broker_errors(settings):
            producer = KafkaProducer(**kafka_python_options(settings), acks="all", max_request_size=8 << 20)
            sent = [
                producer.send(
                    letter.topic, key=record.key, value=record.value, headers=_original_headers(record.headers)
                )
                for letter, record in chosen
            ]
            producer.flush()
            for future in sent:
                future.get(timeout=30)
            producer.close()
    verb = "would be put back" if dry_run else "put back"
    messages().print(f"{len(chosen)} dead letters {verb}")


def _letters(settings: Settings, start: StartingPoint) -> Iterator[tuple[DeadLetter, "_Record"]]:
    if start == "latest":
        return
    topic = settings.topics.rejected
    with open_range(settings, topic, request_from(start), unreadable=say_unreadable) as reader:
        for record in reader:
            about = {
                name.removeprefix(HEADER_PREFIX): (value or b"").decode("utf-8", "replace")
                for name, value in record.headers
                if name.startswith(HEADER_PREFIX)
            }
            letter = DeadLetter(
                position=f"{record.partition}:{record.offset}",
                rejected_at=format_time(datetime.fromtimestamp(record.timestamp / 1000, UTC)),
                topic=about.get("topic", settings.topics.articles),
                partition=about.get("partition", ""),
                offset=about.get("offset", ""),
                reason=about.get("reason", ""),
                field=about.get("field", ""),
                detail=about.get("detail", ""),
                key=(record.key or b"").decode("utf-8", "backslashreplace"),
                size=len(record.value or b""),
            )
            yield letter, _Record(key=record.key, value=record.value, headers=tuple(record.headers))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


def _original_headers(headers: tuple[tuple[str, bytes], ...]) -> list[tuple[str, bytes]]:
    return [item for item in headers if not item[0].startswith(HEADER_PREFIX)]
