"""`detector publish`: puts articles on the articles topic."""

import time
from collections.abc import Iterator
from pathlib import Path

import click
from kafka import KafkaProducer
from kafka.errors import KafkaError

from detector.article_files import ArticleSource, read_articles
from detector.cli.console import messages, progress, visible
from detector.cli.options import broker_option, settings_for
from detector.core.parsing import parse_article
from detector.core.records import Rejected
from detector.errors import DetectorError
from detector.kafka.admin import broker_errors, require_topics
from detector.kafka.clients import kafka_python_options
from detector.settings import Settings


@click.command(epilog="Example: detector publish seeds/articles    or: zcat news.jsonl.gz | detector publish -")
@broker_option
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--rate", type=click.FloatRange(min=0, min_open=True), help="At most this many articles a second.")
@click.option("--unchecked", is_flag=True, help="Send bad input too; the worker will keep it as dead letters.")
def publish(broker_address: str | None, paths: tuple[Path, ...], rate: float | None, unchecked: bool) -> None:  # noqa: FBT001 click passes flags so
    """Publish articles from files, folders or standard input (-).

    Understood are JSON Lines, one JSON object, or plain text whose first line is the title; .gz is unpacked. The bytes of
    JSON input are sent as they are, keyed by article id. Bad input is named and left out; the exit status is then 1.
    """
    settings = settings_for(broker_address)
    require_topics(settings, [settings.topics.articles], write=[settings.topics.articles])
    sources = read_articles(paths, standard_input=click.get_binary_stream("stdin"))
    sent, refused = publish_articles(settings, sources, rate=rate, unchecked=unchecked)
    messages().print(f"{sent} articles published to {settings.topics.articles}")
    if not sent and not refused:
        message = f"no article in {', '.join(map(str, paths))}"
        raise DetectorError(message)
    if refused:
        message = f"{refused} articles left out, named above; --unchecked sends them to be kept as dead letters"
        raise DetectorError(message)


def publish_articles(
    settings: Settings, sources: Iterator[ArticleSource], *, rate: float | None = None, unchecked: bool = False
) -> tuple[int, int]:
    """Send each article and wait until the broker has all of them; how many were sent and how many left out.

    Raises `DetectorError` when the broker does not take one.
    """
    failures: list[BaseException] = []
    sent = refused = 0
    began = time.monotonic()
    with broker_errors(settings):
        producer = KafkaProducer(
            **kafka_python_options(settings), acks="all", linger_ms=5, max_request_size=8 << 20, compression_type=None
        )
        with progress(f"Publishing to {settings.topics.articles}", None) as advance:
            for source in sources:
                parsed = parse_article(source.value)
                if isinstance(parsed, Rejected) and not unchecked:
                    refused += 1
                    messages().print(visible(f"{source.where}: {parsed.field}: {parsed.detail}"), markup=False)
                    continue
                article_id = parsed.article_id if isinstance(parsed, Rejected) else getattr(parsed, "id", None)
                key = article_id.encode("utf-8") if article_id else None
                producer.send(settings.topics.articles, key=key, value=source.value).add_errback(failures.append)
                sent += 1
                advance(1)
                if rate:
                    time.sleep(max(0.0, began + sent / rate - time.monotonic()))
                if failures:
                    break
            producer.flush()
        producer.close()
    if failures:
        reason = failures[0] if isinstance(failures[0], KafkaError) else repr(failures[0])
        message = f"the broker did not take {len(failures)} of {sent} articles: {reason}"
        raise DetectorError(message)
    return sent, refused
