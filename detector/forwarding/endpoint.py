"""One HTTP address that takes posts: tried again with growing pauses, given up after a while, never silently."""

import asyncio
import hashlib
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import aiohttp

from detector.errors import SettingsError, UsageError
from detector.settings import ForwardSettings

_TRY_AGAIN: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
_SHOWN_BYTES: Final = 300
"""Of an answer, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A JSON body and the headers that go with it."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a post was not taken: `refused` at once, or `gave_up` after having tried for long."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class _Trouble:
    detail: str
    lasting: bool
    retry_after: float | None = None


def fingerprint_of(url: str) -> str:
    """Return what tells an address from others without giving it away: 16 hexadecimal digits."""
    return hashlib.sha256(url.encode("utf-8")).hexdigest()[:16]


class Endpoint:
    """Posts to one address, one post at a time.

    Args:
        session: open while this is used; owned by the caller.
        url: as `checked_url` gives it.
        settings: how long to wait, and when to give up.
        say: is told of each failed try, one line each.
        pause, clock, now, chance: time and randomness (0 to 1).
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        settings: ForwardSettings,
        *,
        say: Callable[[str], None],
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._session = session
        self._url = url
        self._settings = settings
        self._say = say
        self._pause = pause
        self._clock = clock
        self._now = now
        self._chance = chance
        self._headers = {"Content-Type": "application/json"} | authorization(settings)

    @property
    def shown(self) -> str:
        """The address without its path, which may hold a secret."""
        return shown_url(self._url)

    @property
    def fingerprint(self) -> str:
        """What tells the address from others without giving it away."""
        return fingerprint_of(self._url)

    async def deliver(self, post: Post) -> Refusal | None:
        """Post until it is taken (`None`), refused, or given up.

        An answer of 408, 429, 5xx, none at all, or a broken connection is tried again, after the time that Retry-After
        names or a random one that grows; any other is final.
        """
        deadline = self._clock() + self._settings.give_up_seconds
        tries = 0
        while True:
            trouble = await self._try(post)
            tries += 1
            if trouble is None:
                return None
            if trouble.lasting:
                return Refusal(reason="refused", detail=trouble.detail)
            left = deadline - self._clock()
            if left <= 0:
                spent = f"given up after {tries} tries in {self._settings.give_up_seconds:g} s"
                return Refusal(reason="gave_up", detail=f"{spent}: {trouble.detail}")
            wait = self._backoff(tries) if trouble.retry_after is None else trouble.retry_after
            wait = min(max(0.0, wait), left)
            self._say(f"{self.shown}: {trouble.detail}; trying again in {wait:.1f} s")
            await self._pause(wait)

    async def deliver_once(self, post: Post) -> Refusal | None:
        """Post without trying again: for what is sent regularly anyway."""
        trouble = await self._try(post)
        if trouble is None:
            return None
        return Refusal(reason="refused" if trouble.lasting else "gave_up", detail=trouble.detail)

    def _backoff(self, tries: int) -> float:
        """Half of the growing pause for certain, the other half by chance, so that many senders do not come at once."""
        settings = self._settings
        whole = min(settings.retry_max_seconds, settings.retry_initial_seconds * 2.0 ** min(tries - 1, 32))
        return whole * (0.5 + self._chance() / 2)

    async def _try(self, post: Post) -> _Trouble | None:
        timeout = aiohttp.ClientTimeout(total=self._settings.timeout_seconds)
        headers = self._headers | dict(post.headers)
        try:
            async with self._session.post(
                self._url, data=post.body, headers=headers, allow_redirects=False, timeout=timeout
            ) as answer:
                said = (await answer.content.read(_SHOWN_BYTES)).decode("utf-8", "replace").strip()
        except TimeoutError:
            return _Trouble(f"no answer within {self._settings.timeout_seconds:g} s", lasting=False)
        except (aiohttp.ClientError, OSError) as error:
            return _Trouble(f"{type(error).__name__}: {error}", lasting=False)
        status = answer.status
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return None
        detail = f"answer {status} {answer.reason or ''}".rstrip() + (f": {said}" if said else "")
        if status in _TRY_AGAIN or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return _Trouble(detail, lasting=False, retry_after=self._retry_after(answer.headers.get("Retry-After")))
        if status < HTTPStatus.BAD_REQUEST:
            detail += " (redirects are not followed: give the address itself)"
        return _Trouble(detail, lasting=True)

    def _retry_after(self, value: str | None) -> float | None:
        """Read the header's seconds or date; `None` when there is none that can be read."""
        if value is None:
            return None
        if value.strip().isdecimal():
            return float(value)
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return (aware - self._now()).total_seconds()


def checked_url(url: str) -> str:
    """Return an http or https address that has a host; raises `UsageError` for anything else."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable:
        message = f"{url!r} is no address like https://host/path"
        raise UsageError(message)
    return url


def shown_url(url: str) -> str:
    """Return scheme, host and port of an address: the rest may hold a secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def authorization(settings: ForwardSettings) -> dict[str, str]:
    """Return the header Authorization that the settings name, if any; raises `SettingsError` when it cannot be read."""
    if settings.authorization_file is None:
        return {}
    try:
        value = settings.authorization_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        message = f"DETECTOR_FORWARD__AUTHORIZATION_FILE: {error}"
        raise SettingsError(message) from error
    if not value.isprintable() or not value:
        raise SettingsError("DETECTOR_FORWARD__AUTHORIZATION_FILE: the file holds one line, such as: Bearer abc")
    return {"Authorization": value}
