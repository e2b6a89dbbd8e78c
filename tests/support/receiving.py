"""A real HTTP server that answers as a test wants: with errors, late, or not at all."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread

from aiohttp import web


@dataclass(frozen=True)
class Answer:
    """What the server does with one request."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    hang_up: bool = False


@dataclass
class Received:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """Answers requests by plan, the rest with 200, and keeps them all."""

    plan: list[Answer] = field(default_factory=list)
    """What the next requests are answered with."""
    refused_keys: set[str] = field(default_factory=set)
    """Idempotency keys that are answered with 422."""
    failing_keys: set[str] = field(default_factory=set)
    """Those that are answered with 500."""
    requests: list[Received] = field(default_factory=list)
    accepted: list[Received] = field(default_factory=list)
    url: str = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        received = Received(request.path, dict(request.headers), await request.read())
        self.requests.append(received)
        answer = self.plan.pop(0) if self.plan else Answer()
        key = received.headers.get("Idempotency-Key")
        if key in self.refused_keys | self.failing_keys:
            answer = Answer(422 if key in self.refused_keys else 500)
        await asyncio.sleep(answer.delay)
        if answer.hang_up and request.transport:
            request.transport.close()
        if answer.status == 200 and not answer.hang_up and not answer.delay:
            self.accepted.append(received)
        return web.Response(status=answer.status, headers=answer.headers, text="said so")


@asynccontextmanager
async def receiving(receiver: Receiver) -> AsyncIterator[Receiver]:
    """Serve on a free port in the running loop."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receiver.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    receiver.url = f"http://{host}:{port}/hook/secret"
    try:
        yield receiver
    finally:
        await runner.cleanup()


@contextmanager
def receiving_beside(receiver: Receiver) -> Iterator[Receiver]:
    """Serve in a thread, for a test that is not asynchronous."""
    ready = Event()
    running: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def serve() -> None:
        async with receiving(receiver):
            done = asyncio.Event()
            running.append((asyncio.get_running_loop(), done))
            ready.set()
            await done.wait()

    thread = Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(10)
    try:
        yield receiver
    finally:
        ((loop, done),) = running
        loop.call_soon_threadsafe(done.set)
        thread.join()
