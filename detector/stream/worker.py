"""Runs one worker in the foreground until a signal: checks the topics, loads the model, serves health, runs Faust."""

import asyncio
from typing import Any, NoReturn

import faust
import structlog
from faust.worker import Worker as FaustWorker

from detector.kafka.admin import require_worker_topics
from detector.loading import load_detector, spare_loaded
from detector.metrics import Metrics
from detector.settings import Settings
from detector.stream.app import create_app
from detector.stream.health import Health
from detector.stream.web import WebServer

_log = structlog.get_logger(__name__)


class _QuietWorker(FaustWorker):
    """Faust's worker without its banner, spinner and logging set-up, which belong to its own command line."""

    def __init__(self, app: faust.App, **keywords: Any) -> None:  # noqa: ANN401 Faust's own signature
        super().__init__(app, **keywords)
        self.spinner = None

    def _setup_logging(self) -> None:
        """Keep the program's own logging."""


def run_worker(settings: Settings) -> NoReturn:
    """Run until SIGTERM or SIGINT, then drain and exit 0; exit 1 on a crash, 70 when it stops loudly.

    Raises `DetectorError` when the broker or a topic is missing or the model cannot be loaded.
    """
    require_worker_topics(settings)
    settings.worker.data_dir.mkdir(parents=True, exist_ok=True)
    metrics = Metrics()
    health = Health(settings.health)
    detector = load_detector(settings.model_file, settings.thresholds.by_type(), settings.thresholds.model)
    info = detector.classifier.info
    metrics.model.info({"name": info.name, "version": info.version, "digest": info.digest})
    health.model_loaded = True
    web = WebServer(settings.web, registry=metrics.registry, health=health)
    web.start()
    _log.info("worker starts", broker=settings.broker, group=settings.worker.group, model=info.digest)
    # Faust starts its services on this loop; a loop of our own keeps the main thread's default one out of it.
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    app = create_app(settings, detector, metrics=metrics, health=health)
    spare_loaded()
    try:
        _QuietWorker(
            app, loop=loop, quiet=True, override_logging=False, redirect_stdouts=False
        ).execute_from_commandline()
    finally:
        web.stop()
