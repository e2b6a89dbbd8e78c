"""Follows a topic in a thread with an event loop of its own, for code whose loop may block, end or be cancelled any time.

The group sees the member alive while a loop body works, and the connection is closed in order however the loop is left.
"""

import asyncio
import atexit
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager
from typing import Final, TypeAlias

from aiokafka import ConsumerRecord

from detector.subscribing.following import Follower

_Opened: TypeAlias = Future[tuple[asyncio.AbstractEventLoop, asyncio.Event, Follower]]

_AT_EXIT_SECONDS: Final = 12.0
_threads: Final[weakref.WeakSet[threading.Thread]] = weakref.WeakSet()


class BackgroundFollower:
    """Gives one record after the other to one task; connects at the first.

    Args:
        opening: makes the context of a follower, to be entered in the thread.
    """

    def __init__(self, opening: Callable[[], AbstractAsyncContextManager[Follower]]) -> None:
        self._opening = opening
        self._opened: _Opened = Future()
        self._closed: Future[None] = Future()
        self._begun = False
        self._pending: Future[ConsumerRecord] | None = None

    async def next(self) -> ConsumerRecord:
        """Return the next record; the one before counts as finished. Cancelling this loses nothing."""
        if not self._begun:
            self._begun = True
            thread = threading.Thread(
                target=asyncio.run, args=(_serve(self._opening, self._opened, self._closed),), daemon=True
            )
            _threads.add(thread)
            thread.start()
            weakref.finalize(self, _let_go, self._opened)
        loop, _, follower = await asyncio.shield(asyncio.wrap_future(self._opened))
        if self._pending is None:
            self._pending = asyncio.run_coroutine_threadsafe(follower.__anext__(), loop)
        record = await asyncio.shield(asyncio.wrap_future(self._pending))
        self._pending = None
        return record

    async def close(self) -> None:
        """Commit what is finished and disconnect; returns when that is done."""
        if self._begun:
            _let_go(self._opened)
            await asyncio.wrap_future(self._closed)


async def _serve(
    opening: Callable[[], AbstractAsyncContextManager[Follower]],
    opened: _Opened,
    closed: Future[None],
) -> None:
    """Hold the connection until nobody uses it."""
    unused = asyncio.Event()
    try:
        async with opening() as follower:
            opened.set_result((asyncio.get_running_loop(), unused, follower))
            await unused.wait()
    except Exception as error:
        if opened.done():
            raise
        opened.set_exception(error)
    finally:
        closed.set_result(None)


def _let_go(opened: _Opened) -> None:
    """Have the connection closed, once it is open."""

    def end(ready: _Opened) -> None:
        if ready.exception() is None:
            loop, unused, _ = ready.result()
            if not loop.is_closed():
                loop.call_soon_threadsafe(unused.set)

    opened.add_done_callback(end)


def _wait_for_all() -> None:
    """Let connections that are being closed finish before the interpreter ends."""
    for thread in list(_threads):
        thread.join(_AT_EXIT_SECONDS)


atexit.register(_wait_for_all)
