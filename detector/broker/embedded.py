"""One Apache Kafka node in KRaft mode as a child process: loopback only, ready when a produce and a fetch succeed."""

import ctypes
import fcntl
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

from detector.broker.health import produce_and_fetch
from detector.broker.jars import java_executable, resolve_jars
from detector.errors import DetectorError, UsageError
from detector.settings import EmbeddedBrokerSettings

LOOPBACK: Final = "127.0.0.1"
_MARKER: Final = "news-event-detector-broker"
_STOP_SECONDS: Final = 20.0
_LOG_LINES_SHOWN: Final = 5
_PR_SET_PDEATHSIG: Final = 1


class EmbeddedBroker:
    """Owns the Kafka process: `start` blocks until it is healthy, `stop` until it is gone.

    Args:
        settings: port (0 takes a free one), data folder, heap.
        say: is told of long steps, one line each.
        extra_properties: lines for `server.properties` that win over the built-in ones.
        cluster_id: of the cluster that a fresh node joins; a new one of its own without.
    """

    def __init__(
        self,
        settings: EmbeddedBrokerSettings,
        *,
        say: Callable[[str], None] = lambda _line: None,
        extra_properties: Sequence[str] = (),
        cluster_id: str | None = None,
    ) -> None:
        self._settings = settings
        self._cluster_id = cluster_id
        self._say = say
        self._extra = tuple(extra_properties)
        self._process: subprocess.Popen[bytes] | None = None
        self._port = settings.port
        self._lock: IO[bytes] | None = None

    @property
    def address(self) -> str:
        """HOST:PORT for clients; the port is known once `start` has returned."""
        return f"{LOOPBACK}:{self._port}"

    @property
    def log_file(self) -> Path:
        """Where Kafka's own warnings and errors go."""
        return self._settings.data_dir / "broker.log"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, *, fresh: bool = False) -> None:
        """Start Kafka and wait until it answers; `fresh` deletes what earlier runs stored.

        Raises `DetectorError` when the port is taken, the jars cannot be had, or Kafka does not become healthy.
        """
        data_dir = self._settings.data_dir
        if fresh and data_dir.exists():
            _empty(data_dir)
        data_dir.mkdir(parents=True, exist_ok=True)
        (data_dir / _MARKER).touch()
        self._lock = _lock(data_dir)
        self._port = usable_port(self._settings.port)
        java = _Java(java_executable(), resolve_jars(self._settings.cache_dir), self._settings, data_dir)
        properties = self._write_properties()
        if not (data_dir / "log" / "meta.properties").exists():
            java.run(
                "kafka.tools.StorageTool", "format", "-t", self._cluster_id or new_cluster_id(), "-c", str(properties)
            )
        self._say(f"Starting Apache Kafka on {self.address}")
        self._process = java.spawn("kafka.Kafka", str(properties), log=self.log_file)
        try:
            self._wait_until_healthy()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Ask Kafka to shut down, insist after 20 s; does nothing when it is not running."""
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.close()
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def kill(self) -> None:
        """End Kafka with SIGKILL, as a machine that loses power would."""
        if self._process is not None:
            self._process.kill()
        self.stop()

    def wait(self) -> int:
        """Block until Kafka ends by itself; its exit status."""
        if self._process is None:
            message = "the broker was not started"
            raise DetectorError(message)
        return self._process.wait()

    def _write_properties(self) -> Path:
        controller_port = usable_port(0)
        data_dir = self._settings.data_dir
        overrides = dict(line.split("=", 1) for line in self._extra)
        properties = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@{LOOPBACK}:{controller_port}",
            "controller.listener.names": "CONTROLLER",
            "listeners": f"PLAINTEXT://{self.address},CONTROLLER://{LOOPBACK}:{controller_port}",
            "advertised.listeners": f"PLAINTEXT://{self.address}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": str(data_dir / "log"),
            "auto.create.topics.enable": "false",
            "num.partitions": "4",
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "8",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "transaction.state.log.num.partitions": "8",
            "group.initial.rebalance.delay.ms": "0",
            "group.min.session.timeout.ms": "6000",
            "message.max.bytes": str(8 << 20),
            "replica.fetch.max.bytes": str(8 << 20),
            **overrides,
        }
        path = data_dir / "server.properties"
        path.write_text("".join(f"{name}={value}\n" for name, value in properties.items()), encoding="utf-8")
        return path

    def _wait_until_healthy(self) -> None:
        deadline = time.monotonic() + self._settings.start_timeout_seconds
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                raise DetectorError(self._explain("Apache Kafka stopped while starting"))
            if _is_open(self._port) and (self._extra or produce_and_fetch(self.address)):
                return
            time.sleep(0.2)
        raise DetectorError(self._explain(f"Apache Kafka was not ready in {self._settings.start_timeout_seconds:g} s"))

    def _explain(self, what: str) -> str:
        lines = (
            self.log_file.read_text(encoding="utf-8", errors="replace").splitlines() if self.log_file.exists() else []
        )
        errors = [line for line in lines if re.search(r"ERROR|FATAL|Exception", line)] or lines
        tail = " | ".join(errors[-_LOG_LINES_SHOWN:])
        return f"{what}; its log {self.log_file} ends: {tail}"


class _Java:
    """How Kafka's classes are run: same class path, heap and log for every tool."""

    def __init__(
        self, executable: Path, jars: Sequence[Path], settings: EmbeddedBrokerSettings, data_dir: Path
    ) -> None:
        self._command = [
            str(executable),
            f"-Xmx{settings.heap_megabytes}m",
            "-XX:+UseSerialGC",
            "-XX:+ExitOnOutOfMemoryError",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-Dorg.slf4j.simpleLogger.showDateTime=true",
            "-cp",
            ":".join(str(jar) for jar in jars),
        ]
        self._cwd = data_dir

    def run(self, *arguments: str) -> None:
        done = subprocess.run(  # noqa: S603 fixed program, own arguments
            [*self._command, *arguments], cwd=self._cwd, capture_output=True, check=False
        )
        if done.returncode:
            lines = (done.stderr + done.stdout).decode("utf-8", "replace").splitlines()
            telling = [line for line in lines if line.strip() and not line.startswith("\tat ")]
            message = f"{arguments[0]} failed: {' | '.join(telling[:_LOG_LINES_SHOWN]) or done.returncode}"
            raise DetectorError(message)

    def spawn(self, *arguments: str, log: Path) -> subprocess.Popen[bytes]:
        with log.open("ab") as stream:
            return subprocess.Popen(  # noqa: S603 fixed program, own arguments
                [*self._command, *arguments],
                cwd=self._cwd,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509 one libc call
            )


def _empty(data_dir: Path) -> None:
    """Delete an earlier run's data, and nothing that is not this program's."""
    written_by_us = (data_dir / _MARKER).exists() or (data_dir / "log" / "meta.properties").exists()
    if not written_by_us and any(data_dir.iterdir()):
        message = f"{data_dir} holds something else than Kafka's data of an earlier run; --fresh does not delete it"
        raise UsageError(message)
    shutil.rmtree(data_dir)


def _lock(data_dir: Path) -> IO[bytes]:
    """Keep a second broker off the same folder; the lock goes with the process."""
    handle = (data_dir / _MARKER).open("rb")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        handle.close()
        message = f"another broker runs on {data_dir}; name another folder with --data-dir"
        raise DetectorError(message) from error
    return handle


def die_with_parent() -> None:
    """Have the kernel (Linux only) end a child when its parent is killed: a SIGKILL must leave nothing behind."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def new_cluster_id() -> str:
    """Give a random id in Kafka's form; the first byte is fixed, or one id in 64 would begin like an option, with "-"."""
    return urlsafe_b64encode(b"\0" + uuid.uuid4().bytes[1:]).decode("ascii").rstrip("=")


def usable_port(port: int) -> int:
    """Give a port that can be bound on the loopback interface, a free one for 0; raises `DetectorError` when taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            message = (
                f"Port {port} on {LOOPBACK} is taken ({error.strerror}). "
                "Stop what listens there, or choose another with --port (0 takes any free one)."
            )
            raise DetectorError(message) from error
        return int(probe.getsockname()[1])


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0
