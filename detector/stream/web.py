"""`/metrics`, `/healthz` and `/readyz`, served from a thread of their own: a busy event loop must be visible."""

import asyncio
import errno
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from detector.errors import DetectorError
from detector.settings import WebSettings
from detector.stream.health import Health

_log = structlog.get_logger(__name__)

_MAX_HEADER_BYTES: Final = 4096
_LAST_PORT: Final = (1 << 16) - 1
_Page = Callable[[web.Request], Awaitable[web.Response]]
_RETRY_AFTER: Final = {"Retry-After": "1"}


class WebServer:
    """Owns the thread; `start` returns once it listens, `stop` once it does not.

    Serves three pages and reads no request body. More requests for one page than `requests_per_second` are answered with
    status 429: a flood of one page leaves the others answering, and the worker its processor.
    """

    def __init__(
        self,
        settings: WebSettings,
        *,
        registry: CollectorRegistry,
        health: Health,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._registry = registry
        self._health = health
        self._clock = clock
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="web", daemon=True)
        self._runner: web.AppRunner | None = None
        self.port = settings.port

    @property
    def url(self) -> str:
        """Where the server answers."""
        host = f"[{self._settings.host}]" if ":" in self._settings.host else self._settings.host
        return f"http://{host}:{self.port}"

    def start(self) -> None:
        """Listen on the configured port or one of the following; raises `DetectorError` when all are taken."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._serve(), self._loop).result()
        if self._settings.url_file:
            self._settings.url_file.write_text(self.url, encoding="ascii")
        _log.info("serving metrics and health", url=self.url)

    def stop(self) -> None:
        """Stop listening and end the thread."""
        if self._runner:
            asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _serve(self) -> None:
        app = web.Application(client_max_size=1024)
        for path, page in (
            ("/metrics", self._metrics),
            ("/healthz", _answer(self._health.live_problems)),
            ("/readyz", _answer(self._health.ready_problems)),
        ):
            app.router.add_get(path, self._at_most(page))
        self._runner = web.AppRunner(
            app, access_log=None, max_line_size=_MAX_HEADER_BYTES, max_field_size=_MAX_HEADER_BYTES
        )
        await self._runner.setup()
        first = self._settings.port
        last = min(first + self._settings.port_attempts - 1, _LAST_PORT) if first else 0
        for port in range(first, last + 1):
            site = web.TCPSite(self._runner, self._settings.host, port)
            try:
                await site.start()
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    message = f"DETECTOR_WEB__HOST={self._settings.host} cannot be bound: {error.strerror}"
                    raise DetectorError(message) from error
                continue
            self.port = self._runner.addresses[-1][1]
            return
        message = (
            f"Ports {first} to {last} on {self._settings.host} are all taken; "
            "choose others with DETECTOR_WEB__PORT (0 takes any free one)."
        )
        raise DetectorError(message)

    def _at_most(self, page: _Page) -> _Page:
        """Answer that many requests a second, and as many at once after a quiet second."""
        rate = self._settings.requests_per_second
        left, then = float(rate), self._clock()

        async def limited(request: web.Request) -> web.Response:
            nonlocal left, then
            now = self._clock()
            left, then = min(rate, left + (now - then) * rate), now
            if left < 1:
                return web.Response(status=429, text="too many requests\n", headers=_RETRY_AFTER)
            left -= 1
            return await page(request)

        return limited

    async def _metrics(self, _request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(self._registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


def _answer(problems: Callable[[], list[str]]) -> _Page:
    async def handler(_request: web.Request) -> web.Response:
        found = problems()
        return web.json_response({"ok": not found, "problems": found}, status=503 if found else 200)

    return handler
