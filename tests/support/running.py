"""Runs an endless command of the program beside a test and reads its lines as they come."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Thread

WAIT_SECONDS = 60.0


class Running:
    """A running `detector` command. Its lines are read by threads of their own."""

    def __init__(self, arguments: tuple[str, ...], environment: Mapping[str, str]) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("DETECTOR_")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "detector", *arguments],
            env=inherited | dict(environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.lines: list[str] = []
        self.said: list[str] = []
        self._readers = [
            Thread(target=self._read, args=(self._process.stdout, self.lines)),
            Thread(target=self._read, args=(self._process.stderr, self.said)),
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, stream: Iterator[bytes], into: list[str]) -> None:
        into.extend(line.decode().rstrip("\n") for line in stream)

    def wait_for(self, number: int) -> list[str]:
        """Wait until so many lines were printed; return them all."""
        deadline = time.monotonic() + WAIT_SECONDS
        while len(self.lines) < number:
            assert self._process.poll() is None, f"it ended: {self.said}"
            assert time.monotonic() < deadline, f"{len(self.lines)} of {number} lines; it said {self.said[-10:]}"
            time.sleep(0.05)
        return list(self.lines)

    def wait_until_said(self, words: str) -> None:
        """Wait until a line of standard error holds the words."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not any(words in line for line in self.said):
            assert self._process.poll() is None, f"it ended: {self.said}"
            assert time.monotonic() < deadline, f"it said {self.said[-10:]}"
            time.sleep(0.05)

    def end(self, how: signal.Signals = signal.SIGINT) -> int:
        """End it and return its exit status."""
        if self._process.poll() is None:
            self._process.send_signal(how)
        try:
            status = self._process.wait(30)
        finally:
            self._process.kill()
            for reader in self._readers:
                reader.join()
            for stream in (self._process.stdout, self._process.stderr):
                if stream:
                    stream.close()
        return status


@contextmanager
def running(*arguments: str, environment: Mapping[str, str]) -> Iterator[Running]:
    """Run a command for the time of the context."""
    process = Running(arguments, environment)
    try:
        yield process
    finally:
        process.end(signal.SIGKILL)
