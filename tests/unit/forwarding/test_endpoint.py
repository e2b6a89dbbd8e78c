"""Posts to a real HTTP server that fails in every way: tried again, waited for, given up, refused."""

import asyncio
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import aiohttp
import pytest

from detector.errors import SettingsError, UsageError
from detector.forwarding.endpoint import Endpoint, Post, Refusal, authorization, checked_url, shown_url
from detector.settings import ForwardSettings
from tests.support.receiving import Answer, Receiver, receiving

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
POST = Post(body=b'{"a":1}', headers={"Idempotency-Key": "k1"})


class Trial:
    """One delivery with a clock that only pauses move."""

    def __init__(self, **settings: object) -> None:
        self.settings = ForwardSettings.model_validate({"timeout_seconds": 0.5, "give_up_seconds": 60} | settings)
        self.time = 0.0
        self.pauses: list[float] = []
        self.said: list[str] = []

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(round(seconds, 3))
        self.time += seconds

    def deliver(self, receiver: Receiver, *, url: str | None = None) -> Refusal | None:
        """Deliver one post to a server that lives as long as that takes."""

        async def run() -> Refusal | None:
            async with receiving(receiver), aiohttp.ClientSession() as session:
                endpoint = Endpoint(
                    session,
                    url or receiver.url,
                    self.settings,
                    say=self.said.append,
                    pause=self._pause,
                    clock=lambda: self.time,
                    now=lambda: NOW,
                    chance=lambda: 1.0,
                )
                return await endpoint.deliver(POST)

        return asyncio.run(run())


def test_what_is_taken_at_once_is_posted_once() -> None:
    receiver = Receiver()
    assert Trial().deliver(receiver) is None
    (request,) = receiver.requests
    assert (request.path, request.body) == ("/hook/secret", POST.body)
    assert request.headers["Idempotency-Key"] == "k1"
    assert request.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "trouble",
    [Answer(500), Answer(503), Answer(408), Answer(429), Answer(delay=2), Answer(hang_up=True)],
    ids=["500", "503", "408", "429", "late", "hangs up"],
)
def test_what_may_pass_is_tried_again(trouble: Answer) -> None:
    """The same post again, with its key, after pauses that grow."""
    receiver, trial = Receiver(plan=[trouble, trouble, trouble]), Trial()
    assert trial.deliver(receiver) is None
    assert trial.pauses == [0.5, 1.0, 2.0]
    assert {(request.body, request.headers["Idempotency-Key"]) for request in receiver.requests} == {(POST.body, "k1")}
    assert len(trial.said) == 3


@pytest.mark.parametrize("status", [400, 401, 404, 410, 422, 301, 307])
def test_what_is_final_is_not_tried_again(status: int) -> None:
    """Redirects among them: an alert is not sent to where nobody told it to go."""
    receiver = Receiver(plan=[Answer(status, {"Location": "/elsewhere"})])
    refusal = Trial().deliver(receiver)
    assert refusal and refusal.reason == "refused" and f"answer {status}" in refusal.detail
    assert len(receiver.requests) == 1


def test_after_a_while_it_is_given_up() -> None:
    """One last try at the very end; what the server said goes with it."""
    trial = Trial(give_up_seconds=10)
    refusal = trial.deliver(Receiver(plan=[Answer(500)] * 50))
    assert refusal == Refusal(
        reason="gave_up", detail="given up after 6 tries in 10 s: answer 500 Internal Server Error: said so"
    )
    assert trial.time == pytest.approx(10)


def test_nobody_listening_is_trouble_that_may_pass() -> None:
    refusal = Trial(give_up_seconds=1).deliver(Receiver(), url="http://127.0.0.1:1/")
    assert refusal and refusal.reason == "gave_up" and "127.0.0.1" in refusal.detail


@pytest.mark.parametrize(
    ("value", "pause"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("Fri, 01 May 2026 12:00:20 GMT", 20.0),
        ("Fri, 01 May 2026 11:00:00 GMT", 0.0),
        ("soon", 0.5),
        ("-3", 0.5),
        ("86400", 60.0),
    ],
)
def test_retry_after_is_kept_to(value: str, pause: float) -> None:
    """Seconds or a date; what cannot be read counts as absent, what is longer than the patience is cut to it."""
    trial = Trial()
    trial.deliver(Receiver(plan=[Answer(429, {"Retry-After": value})]))
    assert trial.pauses == [pause]


def test_pauses_have_a_longest_and_a_random_part() -> None:
    settings = ForwardSettings(retry_initial_seconds=1, retry_max_seconds=8)
    chances = count()

    def chance() -> float:
        return float(next(chances) % 2)

    async def pauses() -> list[float]:
        async with aiohttp.ClientSession() as session:
            endpoint = Endpoint(session, "http://x/", settings, say=print, chance=chance)
            return [endpoint._backoff(tries) for tries in (1, 1, 2, 2, 9, 9, 10_000, 10_000)]

    assert asyncio.run(pauses()) == [0.5, 1.0, 1.0, 2.0, 4.0, 8.0, 4.0, 8.0]


@pytest.mark.parametrize("url", ["ftp://host/x", "desk.example", "http://", "http://host:99999/", "//host", ""])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="is no address like"):
        checked_url(url)


def test_no_secret_of_an_address_is_shown() -> None:
    assert shown_url("https://user:word@desk.example:8443/hooks/T0K3N?key=1") == "https://desk.example:8443"


def test_the_login_comes_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "login"
    file.write_text("Bearer abc\n")
    assert authorization(ForwardSettings(authorization_file=file)) == {"Authorization": "Bearer abc"}
    receiver = Receiver()
    Trial(authorization_file=file).deliver(receiver)
    assert receiver.requests[0].headers["Authorization"] == "Bearer abc"
    file.write_text("two\nlines")
    with pytest.raises(SettingsError, match="AUTHORIZATION_FILE"):
        authorization(ForwardSettings(authorization_file=file))
    with pytest.raises(SettingsError, match="AUTHORIZATION_FILE"):
        authorization(ForwardSettings(authorization_file=tmp_path / "absent"))
