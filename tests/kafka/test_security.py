"""TLS, logins and rights on a real Kafka: every command works as its least privileged user, and a refusal is one sentence."""

import json
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from time import monotonic, sleep

import pytest
import trustme
from kafka import KafkaProducer
from pydantic import SecretStr

from detector.kafka.admin import uncommitted_records
from detector.settings import (
    DeadLetterSettings,
    ReplaySettings,
    SecuritySettings,
    Settings,
    WebSettings,
    WorkerSettings,
    environment_of,
)
from detector.worker_process import WorkerProcess
from tests.support.command import run_detector
from tests.support.guarded_kafka import PASSWORD, PLAIN_USER, GuardedKafka, Right, guarded_kafka
from tests.support.receiving import Answer, Receiver, receiving_beside
from tests.support.running import running
from tests.support.strimzi import granted_rights

STORY = json.dumps(
    {"id": "story", "text": "The government and the rebels agreed a ceasefire in Aleppo, Syria, on Thursday."}
)
COMMANDS = (("worker",), ("publish", "-"), ("watch",), ("replay", "--last", "1h"), ("topics", "describe"))
FOR_EVERY_COMMAND = {"wrong password", "unknown CA", "plaintext against TLS"}
pytestmark = pytest.mark.timeout(240)


@dataclass(frozen=True)
class Work:
    """What each command said as its own user."""

    done: dict[str, CompletedProcess[str]]
    worker_log: str


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedKafka]:
    """A Kafka with the users and rights of k8s/, and one that may see the worker's topics and group and nothing more."""
    with guarded_kafka(tmp_path_factory.mktemp("guarded")) as running:
        granted = granted_rights()
        sees = {Right("onlooker", "DESCRIBE", r.kind, r.name) for r in granted if r.user == "detector-worker"}
        running.allow(
            granted | sees | {Right("stranger", "READ", "topic", "other"), Right(PLAIN_USER, "READ", "topic", "alerts")}
        )
        yield running


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings with the names of k8s/."""
    folder = tmp_path_factory.mktemp("worker")
    return Settings(
        worker=WorkerSettings(data_dir=folder / "data"),
        web=WebSettings(port=0),
        replay=ReplaySettings(runs_dir=folder / "runs", processes=1),
        dead_letters=DeadLetterSettings(max_share=1.0),
    )


def run(kafka: GuardedKafka, settings: Settings, user: str, *command: str, stdin: str = "") -> CompletedProcess[str]:
    """Run a command as a user with the right password."""
    environment = environment_of(kafka.settings_for(user, settings))
    return run_detector(*command, environment=environment, stdin=stdin.encode())


@pytest.fixture(scope="module")
def work(kafka: GuardedKafka, settings: Settings) -> Work:
    """Do everything once: topics, a worker, articles good and bad, alerts, replays, dead letters."""
    done = {}

    def step(user: str, *command: str, stdin: str = "") -> None:
        done[" ".join(command)] = run(kafka, settings, f"detector-{user}", *command, stdin=stdin)

    step("operator", "topics", "create", "--partitions", "2")
    log_file = settings.worker.data_dir.parent / "worker.log"
    worker = WorkerProcess(kafka.settings_for("detector-worker", settings), log_file=log_file)
    worker.start()
    try:
        step("publisher", "publish", "-", stdin=STORY)
        step("publisher", "publish", "-", "--unchecked", stdin='{"id": "empty"}')
        producer = KafkaProducer(bootstrap_servers=kafka.inner_address)
        producer.send(settings.topics.detections, b"neither").get(timeout=30)
        producer.close()
        settle(kafka, settings, worker)
        step("subscriber", "watch", "--from", "beginning", "--until-end", "--json")
        step("subscriber", "watch", "--current", "--until-end", "--json")
        watch_in_a_group(kafka, settings)
        done |= forwarded(kafka, settings)
        step("replayer", "replay", "--last", "1h", "--publish-to", "replay.trial")
        step("operator", "rejected", "replay", "--all")
        step("operator", "topics", "describe")
        assert worker.stop() == 0, worker.explain("the worker did not end cleanly")
        worker.start()  # it reads what the one before it wrote to the changelogs
        done["publish again"] = run(kafka, settings, "detector-publisher", "publish", "-", stdin=STORY)
        settle(kafka, settings, worker)
        assert worker.stop() == 0, worker.explain("the worker did not end cleanly")
    finally:
        worker.kill()
    return Work(done=done, worker_log=log_file.read_text(encoding="utf-8"))


def watch_in_a_group(kafka: GuardedKafka, settings: Settings) -> None:
    """Watch until the alert is there, remembering how far."""
    environment = environment_of(kafka.settings_for("detector-subscriber", settings))
    command = ("watch", "--group", "detector-watch-desk", "--from", "beginning", "--json")
    with running(*command, environment=environment) as process:
        process.wait_for(1)
        assert process.end() == 130, process.said


def forwarded(kafka: GuardedKafka, settings: Settings) -> dict[str, CompletedProcess[str]]:
    """Forward to a webhook that refuses the first alert, and to what answers like Alertmanager."""
    environment = environment_of(kafka.settings_for("detector-forwarder", settings))
    receiver, done = Receiver(plan=[Answer(422)]), {}
    with receiving_beside(receiver):
        for kind in ("webhook", "alertmanager"):
            before = len(receiver.requests)
            command = ("forward", "--to", kind, f"{receiver.url}-{kind}", "--from", "beginning")
            with running(*command, environment=environment) as process:
                deadline = monotonic() + 60
                while len(receiver.requests) == before:
                    assert monotonic() < deadline, process.said
                    sleep(0.1)
                sleep(2)  # what is finished is committed, what is refused is written
                status = process.end(signal.SIGTERM)
            done[f"forward to {kind}"] = CompletedProcess(command, status, "", "\n".join(process.said))
        again = ("forward", "--to", "webhook", f"{receiver.url}-webhook", "--undelivered")
        done["forward --undelivered"] = run_detector(*again, environment=environment)
    return done


def settle(kafka: GuardedKafka, settings: Settings, worker: WorkerProcess) -> None:
    """Wait until the worker has finished everything, as the user who may see lag and nothing else."""
    observer = kafka.settings_for("detector-observer", settings)
    deadline = monotonic() + 60
    while uncommitted_records(observer) != 0:
        assert worker.is_running, worker.explain("the worker ended")
        assert monotonic() < deadline, worker.explain("the worker did not finish")
        sleep(0.2)


def test_every_command_works_as_its_own_user(work: Work) -> None:
    """Over TLS, with SCRAM-SHA-512 and with nothing more than the rights in k8s/kafka/users.yaml."""
    for command, done in work.done.items():
        assert done.returncode == 0, f"{command}: {done.stderr}"
    alert = json.loads(work.done["watch --from beginning --until-end --json"].stdout)
    assert (alert["type"], alert["evidence"][0]["article_id"]) == ("ceasefire", "story")
    assert "2 dead letters put back" in work.done["rejected replay --all"].stderr
    assert "1 undelivered alerts taken" in work.done["forward --undelivered"].stderr
    assert "1 articles, 1 rejected" in work.done["replay --last 1h --publish-to replay.trial"].stderr


def test_nobody_has_a_right_that_is_not_used(work: Work, kafka: GuardedKafka) -> None:
    """The broker's audit log of what was allowed needs every right of k8s/kafka/users.yaml."""
    assert all(done.returncode == 0 for done in work.done.values())
    used = kafka.used()
    assert used
    # Describing comes with reading and writing, so using it alone does not need them.
    needed = {
        right for right in granted_rights() for one in used if right.operation == one.operation and right.covers(one)
    }
    assert granted_rights() - needed == set()


@pytest.mark.parametrize("user", ["detector-subscriber", "detector-replayer"])
def test_nobody_can_run_what_is_not_theirs(work: Work, kafka: GuardedKafka, settings: Settings, user: str) -> None:
    """None of them can be a worker."""
    assert work.done
    done = run(kafka, settings, user, "worker")
    assert_one_sentence(done, f"user {user} may see")


@pytest.mark.parametrize(
    ("case", "told"),
    [
        ("wrong password", "refuses the login of user detector-worker"),
        ("unknown CA", "is not trusted: unable to get local issuer certificate"),
        ("wrong host", "is not trusted: hostname mismatch"),
        ("plaintext against TLS", "speaks TLS, and DETECTOR_SECURITY__PROTOCOL is PLAINTEXT"),
        ("TLS against plaintext", "does not speak TLS on this port, and DETECTOR_SECURITY__PROTOCOL is SASL_SSL"),
        ("no login by this mechanism", "takes no login by SCRAM-SHA-256"),
        ("no CA file", "DETECTOR_SECURITY__CA_FILE"),
    ],
)
def test_a_refusal_is_one_sentence(
    kafka: GuardedKafka, settings: Settings, tmp_path: Path, case: str, told: str
) -> None:
    """It says what is wrong and which setting to look at, with exit status 1 (2 where a file is missing)."""
    commands = COMMANDS if case in FOR_EVERY_COMMAND else COMMANDS[2:3]
    environment = environment_of(_wrong(kafka, settings, tmp_path, case))
    with ThreadPoolExecutor(len(commands)) as pool:
        ended = list(
            pool.map(lambda command: run_detector(*command, environment=environment, stdin=STORY.encode()), commands)
        )
    for done in ended:
        assert_one_sentence(done, told, status=2 if case == "no CA file" else 1)
        assert PASSWORD not in done.stderr


def _wrong(kafka: GuardedKafka, settings: Settings, folder: Path, case: str) -> Settings:
    user = "detector-worker"
    if case == "wrong password":
        return kafka.settings_for(user, settings, password="wrong")  # noqa: S106 that is the point
    if case == "unknown CA":
        other = folder / "other.pem"
        trustme.CA().cert_pem.write_to_path(str(other))
        return kafka.settings_for(user, settings, ca_file=other)
    if case == "no CA file":
        return kafka.settings_for(user, settings, ca_file=folder / "absent.pem")
    if case == "no login by this mechanism":
        return kafka.settings_for(user, settings, sasl_mechanism="SCRAM-SHA-256")
    if case == "plaintext against TLS":
        return settings.model_copy(update={"broker": kafka.address})
    moved = kafka.inner_address if case == "TLS against plaintext" else kafka.address.replace("127.0.0.1", "localhost")
    return kafka.settings_for(user, settings).model_copy(update={"broker": moved})


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("worker",), "user stranger may see"),
        (("publish", "-"), "has no topic articles that user stranger may see"),
        (("watch",), "has no topic alerts, or does not show it to this user"),
        (("replay", "--last", "1h"), "has no topic articles, or does not show it to this user"),
        (("rejected", "list"), "has no topic articles.rejected, or does not show it to this user"),
    ],
)
def test_a_hidden_topic_is_told_as_such(
    work: Work, kafka: GuardedKafka, settings: Settings, command: tuple[str, ...], told: str
) -> None:
    """Kafka hides what a user may not see; the message says that this may be the reason."""
    assert work.done
    assert_one_sentence(run(kafka, settings, "stranger", *command, stdin=STORY), told)


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("worker",), "lacks rights at the broker"),
        (("publish", "-"), "WRITE articles"),
        (("watch",), "TopicAuthorizationFailedError: events"),
    ],
)
def test_a_missing_right_is_named(
    work: Work, kafka: GuardedKafka, settings: Settings, command: tuple[str, ...], told: str
) -> None:
    """Somebody who may see a topic and not use it learns which right is missing, a worker before it starts."""
    assert work.done
    done = run(kafka, settings, "onlooker", *command, stdin=STORY)
    assert_one_sentence(done, told)
    assert "user onlooker" in done.stderr.lower()


def test_a_login_in_plain_text_works_too(work: Work, kafka: GuardedKafka, settings: Settings) -> None:
    """Without TLS and with the mechanism PLAIN; the password comes out of a file."""
    assert work.done
    password_file = settings.worker.data_dir.parent / "password"
    password_file.write_text(PASSWORD + "\n")
    security = SecuritySettings(
        protocol="SASL_PLAINTEXT", sasl_mechanism="PLAIN", username=PLAIN_USER, password_file=password_file
    )
    plain = settings.model_copy(update={"broker": kafka.plain_address, "security": security})
    command = ("watch", "--from", "beginning", "--until-end", "--json")
    assert len(run_detector(*command, environment=environment_of(plain)).stdout.splitlines()) == 1
    wrong = security.model_copy(update={"password_file": None, "password": SecretStr("wrong")})
    done = run_detector(*command, environment=environment_of(plain.model_copy(update={"security": wrong})))
    assert_one_sentence(done, f"refuses the login of user {PLAIN_USER}")


def assert_one_sentence(done: CompletedProcess[str], told: str, *, status: int = 1) -> None:
    """The last line of standard error is the explanation, and there is no stack trace."""
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("Error: ")
    assert told.lower() in last.lower()
