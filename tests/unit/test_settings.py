"""Settings come from DETECTOR_ variables; errors name the variable, secrets are never shown, nothing changes later."""

import json
import os

import pytest
from pydantic import SecretStr, ValidationError

from detector.errors import SettingsError
from detector.settings import (
    SecuritySettings,
    Settings,
    WorkerSettings,
    environment_of,
    load_settings,
    setting_names,
)


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start from an environment without settings."""
    for name in list(os.environ):
        if name.upper().startswith("DETECTOR_"):
            monkeypatch.delenv(name)


def test_without_variables_the_defaults_hold() -> None:
    settings = load_settings()
    assert settings.broker == "127.0.0.1:9092"
    assert settings.topics.rejected == "articles.rejected"
    assert settings.web.host == "127.0.0.1"


def test_variables_reach_every_level(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DETECTOR_BROKER", "kafka-1:9092,kafka-2:9093")
    monkeypatch.setenv("DETECTOR_WORKER__BATCH_ARTICLES", "16")
    monkeypatch.setenv("DETECTOR_TOPICS__ALERTS", "alarms")
    settings = load_settings()
    assert settings.broker == "kafka-1:9092,kafka-2:9093"
    assert settings.worker.batch_articles == 16
    assert settings.topics.alerts == "alarms"
    assert settings.topics.articles == "articles"


def test_an_empty_variable_is_none_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DETECTOR_BROKER", "")
    assert load_settings().broker == "127.0.0.1:9092"


def test_what_the_command_line_says_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DETECTOR_BROKER", "kafka-1:9092")
    assert load_settings(broker="kafka-2:9092").broker == "kafka-2:9092"


def test_settings_survive_the_way_through_an_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a child process is given reads as what its parent had, secrets too."""
    security = SecuritySettings(protocol="SASL_SSL", username="u", password=SecretStr("p"), check_hostname=False)
    settings = Settings(broker="kafka-1:9092", security=security, worker=WorkerSettings(batch_articles=3))
    for name, value in environment_of(settings).items():
        monkeypatch.setenv(name, value)
    assert load_settings() == settings


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("DETECTOR_BROKER", "kafka-1", "'kafka-1' is not HOST:PORT"),
        ("DETECTOR_BROKER", "kafka-1:9092,", "'' is not HOST:PORT"),
        ("DETECTOR_BROKER", ":9092", "not HOST:PORT"),
        ("DETECTOR_BROKER", "kafka-1:0", "not HOST:PORT"),
        ("DETECTOR_BROKER", "kafka-1:65536", "not HOST:PORT"),
        ("DETECTOR_WEB__PORT", "65536", "less than 65536"),
        ("DETECTOR_WEB__PORT", "http", "integer"),
        ("DETECTOR_WORKER__BATCH_ARTICLES", "0", "greater than or equal to 1"),
        ("DETECTOR_WORKER__BATCH_WAIT_SECONDS", "soon", "number"),
        ("DETECTOR_TOPICS__ALERTS", "no spaces", "pattern"),
        ("DETECTOR_DEAD_LETTERS__MAX_SHARE", "1.5", "less than or equal to 1"),
        ("DETECTOR_LOG__LEVEL", "loud", "'debug', 'info', 'warning' or 'error'"),
        ("DETECTOR_SECURITY__PROTOCOL", "TLS", "'PLAINTEXT'"),
    ],
)
def test_a_bad_value_is_named_with_variable_value_and_reason(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, reason: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    message = str(caught.value)
    assert message.startswith(f"{variable}: ")
    assert reason in message
    assert repr(value) in message
    assert "\n" not in message


def test_every_bad_value_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DETECTOR_BROKER", "x")
    monkeypatch.setenv("DETECTOR_WEB__PORT", "x")
    with pytest.raises(SettingsError, match=r"DETECTOR_BROKER: .*; DETECTOR_WEB__PORT: "):
        load_settings()


@pytest.mark.parametrize(
    ("variables", "section", "names"),
    [
        ({"DETECTOR_WORKER__HEARTBEAT_SECONDS": "7"}, "DETECTOR_WORKER", "heartbeat_seconds"),
        ({"DETECTOR_WORKER__SESSION_TIMEOUT_SECONDS": "40"}, "DETECTOR_WORKER", "request_timeout_seconds"),
        ({"DETECTOR_SECURITY__PROTOCOL": "SASL_SSL"}, "DETECTOR_SECURITY", "username and password"),
        (
            {"DETECTOR_SECURITY__PROTOCOL": "SASL_SSL", "DETECTOR_SECURITY__USERNAME": "u"},
            "DETECTOR_SECURITY",
            "password",
        ),
    ],
)
def test_values_that_do_not_go_together_are_named(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], section: str, names: str
) -> None:
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=f"{section}: .*{names}"):
        load_settings()


def test_a_message_never_holds_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DETECTOR_SECURITY__PASSWORD", "hunter2")
    monkeypatch.setenv("DETECTOR_SECURITY__PROTOCOL", "SASL_SSL")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert "hunter2" not in str(caught.value)


def test_a_variable_that_no_setting_has_is_refused_with_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DETECTOR_WORKER__BATCH_ARTICLE", "16")
    with pytest.raises(SettingsError, match=r"DETECTOR_WORKER__BATCH_ARTICLE .*mean DETECTOR_WORKER__BATCH_ARTICLES\?"):
        load_settings()


def test_a_variable_like_no_setting_leads_to_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DETECTOR_QQQQQQQQQQQQQQQQQQQQQQQQ", "1")
    with pytest.raises(SettingsError, match=r"DETECTOR_QQQQQQQQQQQQQQQQQQQQQQQQ is not a setting.*config show"):
        load_settings()


def test_variables_of_the_tests_and_of_others_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DETECTOR_TEST_SHARED", "DETECTOR_BENCH_ARTICLES", "DETECTORS", "KAFKA_BROKER"):
        monkeypatch.setenv(name, "x")
    load_settings()


def test_no_setting_can_be_changed() -> None:
    settings = load_settings()
    with pytest.raises(ValidationError, match="frozen"):
        settings.broker = "other:9092"  # type: ignore[misc]  # the very mistake that is tested
    with pytest.raises(ValidationError, match="frozen"):
        settings.worker.batch_articles = 1  # type: ignore[misc]  # as above


def test_secrets_are_masked_wherever_settings_are_shown() -> None:
    settings = load_settings(
        security={"protocol": "SASL_SSL", "username": "reader", "password": "hunter2"},
    )
    for shown in (
        repr(settings),
        str(settings),
        settings.model_dump_json(),
        json.dumps(settings.model_dump(mode="json")),
    ):
        assert "reader" in shown
        assert "hunter2" not in shown
    assert settings.security.password is not None
    assert settings.security.password.get_secret_value() == "hunter2"


def test_a_path_may_begin_at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/reader")
    monkeypatch.setenv("DETECTOR_MODEL_FILE", "~/model.npz")
    assert str(load_settings().model_file) == "/home/reader/model.npz"


def test_every_setting_has_one_variable_that_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each listed name is read, and none is listed twice."""
    names = list(setting_names())
    assert len(names) == len(set(names)) > 30
    for name in names:
        with monkeypatch.context() as patch:
            patch.setenv(name, "\x7f no setting takes this")
            if _is_free_text(name):
                load_settings()
                continue
            with pytest.raises(SettingsError, match=name):
                load_settings()


def _is_free_text(name: str) -> bool:
    """Whether any text will do: paths, names and secrets."""
    return name.endswith(("_FILE", "_DIR", "USERNAME", "PASSWORD", "HOST"))


def test_names_of_quantities_carry_their_unit() -> None:
    timeouts = [name for name in setting_names() if "TIMEOUT" in name or "WAIT" in name or "INTERVAL" in name]
    assert timeouts
    assert all(name.endswith("_SECONDS") for name in timeouts)


def test_settings_are_built_without_reading_a_file() -> None:
    assert Settings.model_config.get("env_file") is None
    assert Settings.model_config.get("secrets_dir") is None
