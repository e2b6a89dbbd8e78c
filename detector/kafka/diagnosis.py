"""Says why a broker cannot be used: nobody there, wrong protocol, certificate not trusted, login refused.

kafka-python tries again on every failure and reports a time-out in the end; one connection attempt by aiokafka tells why.
"""

import asyncio
import functools
import logging
import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any, Final

from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaError, SaslAuthenticationFailed, UnsupportedSaslMechanismError

from detector.kafka.clients import aiokafka_options
from detector.settings import Settings

_TIMEOUT_SECONDS: Final = 5.0
_CLOSE_SECONDS: Final = 0.2


def why_unavailable(settings: Settings) -> str:
    """Connect once to each address of the broker until one answers somehow; blocks up to 10 s for each."""
    for address in settings.broker.split(","):
        if _answers(address):
            return _try_address(address, settings) or f"The broker at {address} answers, but not in time; try again."
    return (
        f"No Kafka broker answers at {settings.broker}. Start one with `detector broker`, "
        "or point DETECTOR_BROKER (or --broker) at yours."
    )


@functools.cache
def refusal(settings: Settings) -> str | None:
    """Say why a broker with TLS or a login will not have us, before kafka-python tries it for 10 s; `None` when it will.

    Asks once a process and settings. An address where nobody listens is no refusal.
    """
    if settings.security.protocol == "PLAINTEXT":
        return None
    answering = (address for address in settings.broker.split(",") if _answers(address))
    return next((_try_address(address, settings) for address in answering), None)


def _answers(address: str) -> bool:
    try:
        with socket.create_connection(_host_and_port(address), timeout=_TIMEOUT_SECONDS):
            return True
    except OSError:
        return False


def _try_address(address: str, settings: Settings) -> str | None:
    """Connect and log in as the worker would; what is wrong, `None` when nothing is."""
    # A thread of its own: an event loop may run in this one.
    with _quiet(), ThreadPoolExecutor(1) as executor:
        return executor.submit(asyncio.run, _attempt(*_host_and_port(address), settings)).result()


def _host_and_port(address: str) -> tuple[str, int]:
    host, _, port = address.strip().rpartition(":")
    return host.strip("[]"), int(port)


async def _attempt(host: str, port: int, settings: Settings) -> str | None:
    address, security = f"{host}:{port}", settings.security
    milliseconds = int(_TIMEOUT_SECONDS * 1000)
    options = aiokafka_options(settings)
    del options["bootstrap_servers"]
    connection = AIOKafkaConnection(host, port, request_timeout_ms=milliseconds, **options)
    try:
        await asyncio.wait_for(connection.connect(), 2 * _TIMEOUT_SECONDS)
    except ssl.SSLCertVerificationError as error:
        return (
            f"The certificate of the broker at {address} is not trusted: {error.verify_message}. "
            "DETECTOR_SECURITY__CA_FILE must name the authority that signed it, and DETECTOR_BROKER the host it is made out to."
        )
    except SaslAuthenticationFailed:
        return (
            f"The broker at {address} refuses the login of user {security.username}. Check DETECTOR_SECURITY__USERNAME, "
            "DETECTOR_SECURITY__PASSWORD or PASSWORD_FILE, and DETECTOR_SECURITY__SASL_MECHANISM."
        )
    except UnsupportedSaslMechanismError:
        return (
            f"The broker at {address} takes no login by {security.sasl_mechanism}. "
            "Set DETECTOR_SECURITY__SASL_MECHANISM to one that it takes."
        )
    except (OSError, KafkaError) as error:
        return await _wrong_protocol(host, port, settings, error)
    finally:
        # A connection that never came to be is never told closed.
        await asyncio.wait([connection.close()], timeout=_CLOSE_SECONDS)
    return None


async def _wrong_protocol(host: str, port: int, settings: Settings, error: Exception) -> str:
    address, protocol = f"{host}:{port}", settings.security.protocol
    speaks_tls = await _speaks_tls(host, port)
    if settings.security.uses_tls and not speaks_tls:
        return (
            f"The broker at {address} does not speak TLS on this port, and DETECTOR_SECURITY__PROTOCOL is {protocol}. "
            "Name its TLS port in DETECTOR_BROKER, or set PLAINTEXT or SASL_PLAINTEXT."
        )
    if speaks_tls and not settings.security.uses_tls:
        return (
            f"The broker at {address} speaks TLS, and DETECTOR_SECURITY__PROTOCOL is {protocol}. "
            "Set it to SSL or SASL_SSL."
        )
    reason = f"{type(error).__name__}: {error}".splitlines()[0]
    return (
        f"Something listens at {address} but ends the Kafka session ({reason}). Check DETECTOR_SECURITY__PROTOCOL "
        f"(now {protocol}), and the login and certificate settings beside it."
    )


async def _speaks_tls(host: str, port: int) -> bool:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # only asks whether it is TLS; nothing is sent
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, port, ssl=context), _TIMEOUT_SECONDS)
    except ssl.SSLError as error:
        return error.reason not in {"WRONG_VERSION_NUMBER", "UNEXPECTED_EOF_WHILE_READING", "RECORD_LAYER_FAILURE"}
    except OSError:
        return False
    writer.close()
    with suppress(OSError):  # it may end the session in its own way
        await writer.wait_closed()
    return True


@contextmanager
def _quiet() -> Iterator[Any]:
    """Keep aiokafka's own lines about the failing connection off the one sentence that explains it."""
    loggers = [logging.getLogger(name) for name in ("aiokafka", "asyncio")]
    before = [logger.disabled for logger in loggers]
    for logger in loggers:
        logger.disabled = True
    try:
        yield
    finally:
        for logger, was in zip(loggers, before, strict=True):
            logger.disabled = was
