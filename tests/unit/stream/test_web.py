"""Metrics and health over a real socket: what they answer, and what happens when ports are taken."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from http.client import HTTPConnection

import pytest

from detector.errors import DetectorError
from detector.metrics import Metrics
from detector.settings import HealthSettings, WebSettings
from detector.stream.health import Health
from detector.stream.web import WebServer

Serve = Callable[..., WebServer]


@pytest.fixture
def health() -> Health:
    """A worker that can do its job."""
    state = Health(HealthSettings())
    state.model_loaded = state.broker_reachable = True
    state.assigned = 1
    return state


@pytest.fixture
def serve(health: Health) -> Iterator[Serve]:
    """Start servers that are stopped at the end, those that failed to start too."""
    with ExitStack() as stack:

        def start(**settings: object) -> WebServer:
            server = WebServer(
                WebSettings.model_validate({"port": 0} | settings), registry=Metrics().registry, health=health
            )
            stack.callback(server.stop)
            server.start()
            return server

        yield start


@pytest.fixture
def taken() -> Iterator[Callable[[int], int]]:
    """Occupy consecutive free ports and give the first."""
    with ExitStack() as stack:

        def occupy(number: int) -> int:
            for first in range(20_000, 60_000, 97):
                with ExitStack() as attempt:
                    try:
                        for port in range(first, first + number):
                            listener = attempt.enter_context(socket.socket())
                            listener.bind(("127.0.0.1", port))
                            listener.listen()
                    except OSError:
                        continue
                    stack.push(attempt.pop_all())
                    return first
            raise AssertionError("no free ports on this machine")

        yield occupy


def get(server: WebServer, path: str, method: str = "GET") -> tuple[int, str, str]:
    """Ask and give status, content type and body."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.getheader("Content-Type", ""), answer.read().decode()
    finally:
        connection.close()


def test_metrics_are_in_prometheus_text(serve: Serve) -> None:
    status, content_type, body = get(serve(), "/metrics")
    assert status == 200
    assert content_type.startswith("text/plain; version=")
    assert 'detector_alerts_total{message_type="alert",type="ceasefire"} 0.0' in body.splitlines()
    assert "# TYPE detector_articles_total counter" in body or "# TYPE detector_articles counter" in body


def test_a_worker_that_can_do_its_job_is_live_and_ready(serve: Serve) -> None:
    server = serve()
    for path in ("/healthz", "/readyz"):
        status, content_type, body = get(server, path)
        assert (status, json.loads(body)) == (200, {"ok": True, "problems": []})
        assert content_type.startswith("application/json")


def test_a_worker_without_its_broker_is_live_and_not_ready(serve: Serve, health: Health) -> None:
    server = serve()
    health.broker_reachable = False
    assert get(server, "/healthz")[0] == 200
    status, _, body = get(server, "/readyz")
    assert (status, json.loads(body)) == (503, {"ok": False, "problems": ["the broker does not answer"]})


def test_a_stuck_worker_is_neither_live_nor_ready(serve: Serve, health: Health) -> None:
    server = serve()
    health._beat -= 1000
    assert get(server, "/healthz")[0] == get(server, "/readyz")[0] == 503


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 404), ("GET", "/stats/", 404), ("GET", "/router/", 404), ("POST", "/metrics", 405)],
)
def test_there_is_nothing_else(serve: Serve, method: str, path: str, status: int) -> None:
    """Faust's own table and router pages among what there is not."""
    assert get(serve(), path, method)[0] == status


def test_an_overlong_request_is_refused_and_the_server_lives_on(serve: Serve) -> None:
    server = serve()
    assert get(server, "/" + "x" * 100_000)[0] in (400, 414)
    assert get(server, "/healthz")[0] == 200


def test_a_large_body_is_not_read(serve: Serve) -> None:
    """A request says that a gigabyte comes; it is refused on its first line, and nothing waits for the rest."""
    server = serve()
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1073741824\r\n\r\n" + b"x" * 4096)
        assert connection.recv(64).startswith(b"HTTP/1.1 405")
    assert get(server, "/healthz")[0] == 200


def test_too_many_header_lines_are_refused(serve: Serve) -> None:
    server = serve()
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        with suppress(ConnectionError):  # it may hang up before it has read everything
            connection.sendall(
                b"GET /metrics HTTP/1.1\r\n" + b"".join(b"x%d: y\r\n" % n for n in range(100_000)) + b"\r\n"
            )
        assert connection.recv(64)[8:12] in (b" 400", b" 431", b"")
    assert get(server, "/healthz")[0] == 200


def test_more_requests_than_allowed_are_turned_away_page_by_page(health: Health) -> None:
    """The clock stands still: five are answered, the sixth is not, another page still is; a second later all is well."""
    now = 100.0
    settings = WebSettings(port=0, requests_per_second=5)
    server = WebServer(settings, registry=Metrics().registry, health=health, clock=lambda: now)
    server.start()
    try:
        assert [get(server, "/metrics")[0] for _ in range(7)] == [200] * 5 + [429] * 2
        assert get(server, "/healthz")[0] == 200
        now += 0.4
        assert [get(server, "/metrics")[0] for _ in range(3)] == [200, 200, 429]
        now += 1000
        assert [get(server, "/metrics")[0] for _ in range(6)] == [200] * 5 + [429]
    finally:
        server.stop()


def test_port_zero_takes_a_free_one_and_the_url_names_it(serve: Serve) -> None:
    first, second = serve(), serve()
    assert 0 != first.port != second.port != 0
    assert first.url == f"http://127.0.0.1:{first.port}"


def test_a_taken_port_leads_to_the_next(serve: Serve, taken: Callable[[int], int]) -> None:
    first = taken(2)
    server = serve(port=first, port_attempts=5)
    assert first + 2 <= server.port < first + 5
    assert get(server, "/healthz")[0] == 200


def test_when_all_ports_are_taken_the_error_says_what_to_set(serve: Serve, taken: Callable[[int], int]) -> None:
    first = taken(3)
    with pytest.raises(DetectorError) as caught:
        serve(port=first, port_attempts=3)
    assert f"Ports {first} to {first + 2} on 127.0.0.1 are all taken" in str(caught.value)
    assert "DETECTOR_WEB__PORT" in str(caught.value)


def test_ports_end_at_65535(serve: Serve) -> None:
    """The following ports of the last one do not exist; that is no reason for a stack trace."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 65_535))
        listener.listen()
        with pytest.raises(DetectorError, match="DETECTOR_WEB__PORT"):
            serve(port=65_535)


def test_a_host_that_cannot_be_bound_is_named(serve: Serve) -> None:
    with pytest.raises(DetectorError, match=r"DETECTOR_WEB__HOST=203\.0\.113\.1 cannot be bound"):
        serve(host="203.0.113.1")


def test_a_stopped_server_leaves_its_port_free(serve: Serve, health: Health) -> None:
    server = WebServer(WebSettings(port=0), registry=Metrics().registry, health=health)
    server.start()
    port = server.port
    server.stop()
    assert serve(port=port, port_attempts=1).port == port
