"""A `detector worker` as a child process with its log in a file and its figures read from `/metrics`."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.error import URLError
from urllib.request import urlopen

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
        self.port = _free_port(settings.web.host, settings.web.port)

    @property
    def url(self) -> str:
        """Where the worker's metrics and health are served."""
        return f"http://{self._settings.web.host}:{self.port}"

    @property
    def pid(self) -> int:
        """Process id of the worker that was started last."""
        if self._process is None:
            message = "the worker was not started"
            raise DetectorError(message)
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the worker on the settings' broker, other settings inherited from the environment."""
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        environment = inherited | environment_of(self._settings) | {f"{PREFIX}WEB__PORT": str(self.port)}
        with self.log_file.open("ab") as stream:
            self._process = subprocess.Popen(
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

    def figures(self) -> dict[str, float]:
        """Sum the worker's counters by short name, `alerts.TYPE` too; all zero while it does not answer yet."""
        totals: dict[str, float] = dict.fromkeys(("articles", "rejected", "no_event", "articles_with_detections"), 0.0)
        totals["alerts"] = 0.0
        try:
            with urlopen(f"{self.url}/metrics", timeout=5) as answer:  # noqa: S310 our own loopback address
                families = list(text_string_to_metric_families(answer.read().decode("utf-8")))
        except (URLError, ConnectionError, TimeoutError):
            families = []
        for family in families:
            name = family.name.removeprefix("detector_")
            for sample in family.samples:
                if sample.name.endswith("_total"):
                    totals[name] = totals.get(name, 0.0) + sample.value
                    if "type" in sample.labels:
                        key = f"{name}.{sample.labels['type']}"
                        totals[key] = totals.get(key, 0.0) + sample.value
        return totals

    def explain(self, what: str) -> str:
        """Say what went wrong with the end of the log."""
        lines = self.log_file.read_text(encoding="utf-8", errors="replace").splitlines()[-_LOG_LINES_SHOWN:]
        return f"{what}; its log {self.log_file} ends: {' | '.join(lines)}"


def _free_port(host: str, first: int) -> int:
    for port in (*range(first, min(first + 20, 1 << 16)), 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    message = f"no port can be bound on {host}; set DETECTOR_WEB__HOST"
    raise DetectorError(message)
