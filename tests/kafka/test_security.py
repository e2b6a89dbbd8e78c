"""User name and password reach the broker from every command that speaks to it, and a wrong one is one clear sentence."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from detector.broker.embedded import EmbeddedBroker, usable_port
from detector.settings import EmbeddedBrokerSettings, SecuritySettings, Settings, environment_of
from tests.support.command import run_detector
from tests.support.pipeline import running_pipeline, tagged_settings

STORY = {"id": "story", "text": "The government and the rebels agreed a ceasefire in Aleppo, Syria, on Thursday."}
LOGIN = 'org.apache.kafka.common.security.plain.PlainLoginModule required username="broker" password="b" '


@pytest.fixture(scope="module")
def guarded_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Kafka that lets in only the user `reporter`."""
    port, controller = usable_port(0), usable_port(0)
    settings = EmbeddedBrokerSettings(port=port, data_dir=tmp_path_factory.mktemp("sasl"))
    properties = (
        f"listeners=SASL_PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}",
        f"advertised.listeners=SASL_PLAINTEXT://127.0.0.1:{port}",
        f"controller.quorum.voters=1@127.0.0.1:{controller}",
        "listener.security.protocol.map=SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name=SASL_PLAINTEXT",
        "sasl.mechanism.inter.broker.protocol=PLAIN",
        "sasl.enabled.mechanisms=PLAIN",
        f'listener.name.sasl_plaintext.plain.sasl.jaas.config={LOGIN} user_broker="b" user_reporter="right";',
    )
    with EmbeddedBroker(settings, extra_properties=properties) as broker:
        yield broker.address


def secured(settings: Settings, password: str) -> Settings:
    """The same settings with a login."""
    security = SecuritySettings(
        protocol="SASL_PLAINTEXT", sasl_mechanism="PLAIN", username="reporter", password=SecretStr(password)
    )
    return settings.model_copy(update={"security": security})


@pytest.mark.timeout(240)
def test_worker_publish_and_watch_work_with_a_login(guarded_broker: str, tmp_path: Path) -> None:
    """The whole way, with the password in a setting."""
    settings = secured(tagged_settings(guarded_broker, tmp_path), "right")
    environment = environment_of(settings)
    with running_pipeline(settings, tmp_path) as pipeline:
        published = run_detector("publish", "-", environment=environment, stdin=json.dumps(STORY).encode())
        assert published.returncode == 0, published.stderr
        pipeline.settle()
        seen = run_detector("watch", "--from", "beginning", "--until-end", "--json", environment=environment)
    assert [json.loads(line)["type"] for line in seen.stdout.splitlines()] == ["ceasefire"]


@pytest.mark.parametrize("command", [("worker",), ("watch",), ("publish", "-"), ("topics", "describe")])
def test_wrong_password_is_one_sentence(guarded_broker: str, tmp_path: Path, command: tuple[str, ...]) -> None:
    """It says that the broker refused the login, with exit status 1 and no stack trace."""
    environment = environment_of(secured(tagged_settings(guarded_broker, tmp_path), "wrong"))
    done = run_detector(*command, environment=environment)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("Error: ")
    assert "login" in last
    assert "Traceback" not in done.stderr
