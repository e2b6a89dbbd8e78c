"""`detector topics`: makes the topics and says what is in them."""

import click

from detector.cli.console import messages, print_table
from detector.cli.options import broker_option, settings_for


@click.group(epilog="Example: detector topics create --partitions 8")
def topics() -> None:
    """Make and describe the topics that the detector uses."""


@topics.command(epilog="Example: detector topics create --partitions 8 --replication 3")
@broker_option
@click.option("--partitions", type=click.IntRange(1, 1024), help="Of each new topic. Default: 4.")
@click.option("--replication", type=click.IntRange(1, 9), help="Copies of each new topic. Default: 1.")
def create(broker_address: str | None, partitions: int | None, replication: int | None) -> None:
    """Make the topics that are missing; those that exist are left as they are."""
    from detector.kafka.admin import create_topics, topic_names  # noqa: PLC0415 slow import, see main

    given = {"partitions": partitions, "replication": replication}
    settings = settings_for(broker_address)
    wanted = settings.topics.model_copy(update={name: value for name, value in given.items() if value is not None})
    settings = settings.model_copy(update={"topics": wanted})
    created = create_topics(settings)
    for name in topic_names(settings):
        messages().print(f"{name}: {'created' if name in created else 'exists already'}")


@topics.command(epilog="Example: detector topics describe --broker kafka-1:9092")
@broker_option
def describe(broker_address: str | None) -> None:
    """Show partitions, replication and number of records of each topic."""
    from detector.kafka.admin import describe_topics  # noqa: PLC0415 slow import, see main

    print_table(
        ("topic", "partitions", "replication", "records"),
        [
            (topic.name, str(topic.partitions), str(topic.replication), str(topic.records))
            for topic in describe_topics(settings_for(broker_address))
        ],
    )
