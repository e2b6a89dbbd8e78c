"""`detector replay`: runs the detector over history, and keeps what it finds for judging."""

import signal
import sys
import uuid
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from detector.cli.config import settings_in_force
from detector.cli.console import messages, print_table, visible
from detector.cli.judging_options import JudgingOptions, judging_options
from detector.cli.options import broker_option, settings_for
from detector.cli.range_options import Asked, range_options
from detector.cli.replay_judging import judge_replay, prepare
from detector.cli.replay_progress import replay_progress
from detector.core.eventtypes import EVENT_TYPES
from detector.errors import INTERRUPTED_STATUS, UsageError
from detector.loading import spare_loaded
from detector.replay.archive import ARCHIVE_NAME, RunArchive, open_archive, read_meta
from detector.replay.models import load_models
from detector.replay.publishing import RunPublisher, replay_topics
from detector.replay.run import Ending, Replay
from detector.replay.sources import Source


@click.command(
    epilog="Example: detector replay --last 7d    or: detector replay --from 2016-12-01 --to 2016-12-16 --model new.npz"
)
@broker_option
@range_options("--to")
@click.option("--model", "model_file", type=click.Path(path_type=Path), help="Default: DETECTOR_MODEL_FILE.")
@click.option(
    "--compare",
    type=(click.Path(path_type=Path), click.Path(path_type=Path)),
    help="Two models over the same articles.",
)
@click.option(
    "--publish-to", "prefix", metavar="PREFIX", help="Also publish to PREFIX.detections, .alerts and .events."
)
@click.option(
    "--run-folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Default: a new one in DETECTOR_REPLAY__RUNS_DIR.",
)
@judging_options
def replay(
    broker_address: str | None,
    model_file: Path | None,
    compare: tuple[Path, Path] | None,
    prefix: str | None,
    run_folder: Path | None,
    judging: JudgingOptions,
    **options: Any,  # noqa: ANN401 the range's options, as click passes them
) -> int:
    """Run the detector over a range of history: the same core, the same model, no effect on the live workers.

    Reads the range of a topic as it is now, or an --archive, without a consumer group; commits and publishes nothing unless
    --publish-to says so. Everything found is kept in the run's folder. Ctrl-C ends it with what was read so far.
    """
    if model_file and compare:
        raise UsageError("--model names one model, --compare two; give one of them")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    settings = settings_for(broker_address)
    asked = Asked(**{name: options.pop(name) for name in Asked.__dataclass_fields__})
    began = datetime.now(UTC)
    asked.request(began)
    prepared = prepare(judging, settings)
    models = load_models(compare or [model_file or settings.model_file], settings.thresholds)
    source = asked.source(settings, began, standard_input=click.get_binary_stream("stdin"))
    topics = replay_topics(settings, prefix, source=source.name) if prefix else None
    run_id = f"{began:%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:6]}"
    facts = {
        "run_id": run_id,
        "command": (command := ["detector", *sys.argv[1:]]),
        "asked": asked.as_json(),
        "what_if": {kind.value: value for kind, value in judging.what_if.items()},
        "settings": settings_in_force(settings),
        "published_to": topics,
    }
    path = (run_folder or settings.replay.runs_dir / run_id) / ARCHIVE_NAME
    with ExitStack() as stack:
        archive = stack.enter_context(RunArchive(path))
        archive.set_meta(facts)
        publisher = stack.enter_context(RunPublisher(settings, topics, run_id)) if topics else None
        run = Replay(
            settings,
            source,
            models,
            archive,
            publisher=publisher,
            limit=asked.limit,
            now=lambda: datetime.now(UTC),
        )
        report = stack.enter_context(replay_progress(f"Replaying {source.name}"))
        spare_loaded()
        ending = run.run(lambda now: report(now.counts["records"], now.offsets_done, now.offsets_in_all))
    _tell(run, source, path, ending, table=not judging.on_standard_output)
    status = judge_replay(path, prepared, command)
    if ending.error:
        raise ending.error
    return status if ending.partial_reason is None else INTERRUPTED_STATUS


def _tell(run: Replay, source: Source, path: Path, ending: Ending, *, table: bool) -> None:
    """Say what was found: a line per model on standard output, the rest on standard error."""
    say = messages().print
    for warning in run.warnings():
        say(visible(f"warning: {warning}"), markup=False)
    if ending.partial_reason:
        say(visible(f"The run is partial: {ending.partial_reason}"), markup=False)
    counts = run.counts
    say(
        f"{counts['records']} records of {visible(source.name)}: {counts['articles']} articles, {counts['rejected']} rejected, "
        f"{counts['withdrawals']} withdrawals, {counts['unreadable']} unreadable",
        markup=False,
    )
    say(visible(f"kept in {path}"), markup=False)
    if not table:
        return
    with open_archive(path) as connection:
        by_type = {
            (model, kind): count
            for model, kind, count in connection.execute(
                "SELECT model, type, count(*) FROM detections GROUP BY model, type"
            )
        }
        models = [(model["name"], model["digest"]) for model in read_meta(connection)["models"]]
    kinds = [kind.value for kind in EVENT_TYPES]
    print_table(
        ("model", "digest", *kinds, "alerts"),
        [
            (name, digest, *(str(by_type.get((digest, kind), 0)) for kind in kinds), str(counts[f"alerts.{digest}"]))
            for name, digest in models
        ],
    )
