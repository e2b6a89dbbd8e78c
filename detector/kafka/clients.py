"""Connection settings turned into what kafka-python and Faust's aiokafka each want to hear."""

import ssl
from typing import Any, Final

import faust

from detector.errors import SettingsError
from detector.settings import SecuritySettings, Settings

_BOOTSTRAP_TIMEOUT_MS: Final = 10_000
"""Long enough for a broker that is just starting, short enough for a person who mistyped its address."""


def kafka_python_options(settings: Settings) -> dict[str, Any]:
    """Give the keyword arguments that every kafka-python client of this program starts from.

    Raises `SettingsError` when a secret or certificate file cannot be read.
    """
    security = settings.security
    options: dict[str, Any] = {
        "bootstrap_servers": settings.broker.split(","),
        "client_id": "news-event-detector",
        "bootstrap_timeout_ms": _BOOTSTRAP_TIMEOUT_MS,
        "security_protocol": security.protocol,
    }
    if security.uses_tls:
        options["ssl_context"] = _tls_context(security)
    if security.uses_sasl:
        options |= {
            "sasl_mechanism": security.sasl_mechanism,
            "sasl_plain_username": security.username,
            "sasl_plain_password": _password(security),
        }
    return options


def aiokafka_options(settings: Settings) -> dict[str, Any]:
    """Give the keyword arguments that aiokafka's clients start from; raises like `kafka_python_options`."""
    options = kafka_python_options(settings)
    del options["bootstrap_timeout_ms"]
    return options


def faust_credentials(settings: Settings) -> Any:  # noqa: ANN401 Faust's credential classes share no public base
    """Give Faust's `broker_credentials`, or `None` for plaintext; raises like `kafka_python_options`."""
    security = settings.security
    context = _tls_context(security) if security.uses_tls else None
    if security.uses_sasl:
        return faust.SASLCredentials(
            username=security.username,
            password=_password(security),
            mechanism=security.sasl_mechanism,
            ssl_context=context,
        )
    return faust.SSLCredentials(context) if context else None


def _tls_context(security: SecuritySettings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(security.ca_file) if security.ca_file else None)
        if security.certificate_file:
            context.load_cert_chain(security.certificate_file, security.key_file)
    except (OSError, ssl.SSLError) as error:
        message = f"DETECTOR_SECURITY__CA_FILE, CERTIFICATE_FILE or KEY_FILE cannot be used: {error}"
        raise SettingsError(message) from error
    context.check_hostname = security.check_hostname
    return context


def _password(security: SecuritySettings) -> str:
    if security.password_file:
        try:
            return security.password_file.read_text(encoding="utf-8").rstrip("\n")
        except OSError as error:
            message = f"DETECTOR_SECURITY__PASSWORD_FILE: {error}"
            raise SettingsError(message) from error
    return security.password.get_secret_value() if security.password else ""
