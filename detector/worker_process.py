"""A `detector worker` as a child process with its log in a file and its figures read from `/metrics`."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.error import URLError
from urllib.request import urlopen

from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from detector.broker.embedded import die_with_parent
from detector.errors import DetectorError
from detector.settings import PREFIX, Settings, environment_of

_STOP_SECONDS: Final = 30.0
_LOG_LINES_SHOWN: Final = 5


class WorkerProcess:
    """Owns the process: `start` returns at once, `stop` drains it, `kill` does not.

    Args:
        settings: what the worker runs under; its environment says nothing else of the detector.
        log_file: where its standard output and error go.
        command: what to run, this program's worker unless told otherwise.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        log_file: Path,
        command: Sequence[str] = (sys.executable, "-m", "detector", "worker"),
    ) -> None:
        self._settings = settings
        self._command = list(command)
        self._process: subprocess.Popen[bytes] | None = None
        self.log_file = log_file
        self._url_file = log_file.with_suffix(".url")

    @property
    def url(self) -> str | None:
        """Where the worker's metrics and health are served; `None` until they are."""
        return self._url_file.read_text(encoding="ascii") or None if self._url_file.exists() else None

    @property
    def pid(self) -> int:
        """Process id of the worker that was started last."""
        if self._process is None:
            raise DetectorError("the worker was not started")
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the worker on the settings' broker, other settings inherited from the environment."""
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        environment = inherited | environment_of(self._settings) | {f"{PREFIX}WEB__URL_FILE": str(self._url_file)}
        self._url_file.unlink(missing_ok=True)
        with self.log_file.open("ab") as stream:
            self._process = subprocess.Popen(  # noqa: S603 this very program, or what a test runs instead
                self._command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509 one libc call
            )

    def stop(self) -> int | None:
        """Ask it to drain and end, insist after 30 s; gives the exit status, `None` when it was never started."""
        if self._process is None:
            return None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            return self._process.returncode

    def kill(self) -> None:
        """End it with SIGKILL: none of its own code runs any more."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def wait(self, timeout_seconds: float) -> int:
        """Block until it ends by itself; its exit status. Raises `DetectorError` when it runs on."""
        if self._process is None:
            raise DetectorError("the worker was not started")
        try:
            return self._process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            raise DetectorError(self.explain(f"the worker still runs after {timeout_seconds:g} s")) from None

    def figures(self) -> dict[str, float]:
        """Sum the worker's counters by short name, `alerts.TYPE` too; all zero while it does not answer yet."""
        totals: dict[str, float] = dict.fromkeys(("articles", "rejected", "no_event", "articles_with_detections"), 0.0)
        totals["alerts"] = 0.0
        for family in self.families():
            name = family.name.removeprefix("detector_")
            for sample in family.samples:
                if sample.name.endswith("_total"):
                    totals[name] = totals.get(name, 0.0) + sample.value
                    if "type" in sample.labels:
                        key = f"{name}.{sample.labels['type']}"
                        totals[key] = totals.get(key, 0.0) + sample.value
        return totals

    def families(self) -> list[Metric]:
        """Read the worker's metrics; none while it does not answer."""
        url = self.url
        if url is None:
            return []
        try:
            with urlopen(f"{url}/metrics", timeout=5) as answer:  # noqa: S310 an address that our own child wrote
                return list(text_string_to_metric_families(answer.read().decode("utf-8")))
        except (URLError, ConnectionError, TimeoutError):
            return []

    def explain(self, what: str) -> str:
        """Say what went wrong with the end of the log."""
        lines = self.log_file.read_text(encoding="utf-8", errors="replace").splitlines()[-_LOG_LINES_SHOWN:]
        return f"{what}; its log {self.log_file} ends: {' | '.join(lines)}"
