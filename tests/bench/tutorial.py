"""The job that a tutorial would build, to be measured against: TF-IDF of the whole article and logistic regression.

Stands alone, without anything of the detector: Quix Streams needs older versions of libraries that the detector uses, so
the job runs in an environment of its own. `python -m tests.bench.tutorial loop|quix BROKER COUNT BATCH MODEL ARTICLES ALERTS`
prints the seconds that it took, from the first article to the last commit.
"""

import json
import sys
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import joblib

_TYPES: Final = ("ceasefire", "evacuation", "atrocity", "solidarity")


class Job:
    """Scores articles with a vectorizer and a model for each type; an alert for each type at even odds."""

    def __init__(self, model: Path) -> None:
        """Read the vectorizer and the models that `save` wrote."""
        self._vectorizer, self._models = joblib.load(model)

    def alerts(self, articles: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
        """Return the alerts of each article."""
        matrix = self._vectorizer.transform([f"{item.get('title') or ''}\n{item.get('text')}" for item in articles])
        chances = [model.predict_proba(matrix)[:, 1] for model in self._models]
        return [
            [
                {"article_id": item.get("id"), "type": kind, "confidence": float(chances[column][row])}
                for column, kind in enumerate(_TYPES)
                if chances[column][row] >= 0.5
            ]
            for row, item in enumerate(articles)
        ]


def loop(broker: str, count: int, batch: int, job: Job, articles: str, alerts: str) -> float:
    """Poll a batch of at most `batch`, score it, produce, flush, commit."""
    from confluent_kafka import Consumer, Producer  # noqa: PLC0415 the other contender brings its own version

    consumer = Consumer(
        {
            "bootstrap.servers": broker,
            "group.id": f"tutorial-{uuid.uuid4().hex[:8]}",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    producer = Producer({"bootstrap.servers": broker, "acks": "all", "linger.ms": 5})
    consumer.subscribe([articles])
    done, began = 0, 0.0
    while done < count:
        messages = consumer.consume(batch, timeout=0.5)
        if not messages:
            continue
        began = began or time.perf_counter()
        for found in job.alerts([json.loads(message.value() or b"") for message in messages]):
            for alert in found:
                producer.produce(alerts, json.dumps(alert).encode())
        producer.flush()
        consumer.commit(asynchronous=False)
        done += len(messages)
    seconds = time.perf_counter() - began
    consumer.close()
    return seconds


def quix(broker: str, count: int, job: Job, articles: str, alerts: str) -> float:
    """Run Quix Streams as its users write it: a function for each message, commits by the framework's own default."""
    from quixstreams import Application  # type: ignore[import-not-found]  # noqa: PLC0415  # in its own environment

    times: list[float] = []

    def classify(article: dict[str, Any]) -> list[dict[str, Any]]:
        times.append(time.perf_counter())
        if len(times) == count:
            app.stop()
        return job.alerts([article])[0]

    app = Application(
        broker_address=broker,
        consumer_group=f"quix-{uuid.uuid4().hex[:8]}",
        auto_offset_reset="earliest",
        loglevel="WARNING",
    )
    stream = app.dataframe(app.topic(articles, value_deserializer="json"))
    stream.apply(classify, expand=True).to_topic(app.topic(alerts, value_serializer="json"))
    app.run()  # its own `count` counts alerts
    return time.perf_counter() - times[0]


if __name__ == "__main__":
    what, address, number, most, model_file, *topics = sys.argv[1:]
    if what == "loop":
        print(loop(address, int(number), int(most), Job(Path(model_file)), *topics))
    else:
        print(quix(address, int(number), Job(Path(model_file)), *topics))
