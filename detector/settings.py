"""Every setting of the detector, in one frozen tree.

Read from environment variables with the prefix `DETECTOR_` and `__` between levels: `DETECTOR_BROKER`,
`DETECTOR_WORKER__BATCH_ARTICLES`. Units stand in the names. Nothing else in the package reads the environment.
"""

import difflib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from detector.errors import SettingsError

PREFIX: Final = "DETECTOR_"
_FOREIGN_PREFIXES: Final = ("DETECTOR_TEST_", "DETECTOR_BENCH_")
"""Read by the tests and benchmarks, not by the program."""


def _check_broker(value: str) -> str:
    for address in value.split(","):
        host, separator, port = address.strip().rpartition(":")
        if not separator or not host or not port.isdigit() or not 0 < int(port) < 1 << 16:
            message = f"{address.strip()!r} is not HOST:PORT"
            raise ValueError(message)
    return value


def _expand(path: Path) -> Path:
    return path.expanduser().absolute()


Broker = Annotated[str, AfterValidator(_check_broker)]
UserPath = Annotated[Path, AfterValidator(_expand)]
TopicName = Annotated[str, Field(min_length=1, max_length=249, pattern=r"^[a-zA-Z0-9._-]+$")]
Port = Annotated[int, Field(ge=0, lt=1 << 16)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class SecuritySettings(_Section):
    """How to speak to the broker: the same for worker, publish, watch and every other command."""

    protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    username: str | None = None
    password: SecretStr | None = None
    password_file: UserPath | None = None
    """Read instead of `password` where secrets are mounted as files."""
    ca_file: UserPath | None = None
    certificate_file: UserPath | None = None
    key_file: UserPath | None = None
    check_hostname: bool = True

    @model_validator(mode="after")
    def _sasl_has_credentials(self) -> Self:
        if self.uses_sasl and not (self.username and (self.password or self.password_file)):
            message = f"{self.protocol} needs username and password (or password_file)"
            raise ValueError(message)
        return self

    @property
    def uses_sasl(self) -> bool:
        """Whether a user name and password are sent."""
        return self.protocol.startswith("SASL")

    @property
    def uses_tls(self) -> bool:
        """Whether the connection is encrypted."""
        return self.protocol.endswith("SSL")


class TopicSettings(_Section):
    """The topics' names, and how they are made when `detector topics create` makes them."""

    articles: TopicName = "articles"
    detections: TopicName = "detections"
    alerts: TopicName = "alerts"
    events: TopicName = "events"
    rejected: TopicName = "articles.rejected"
    undelivered: TopicName = "alerts.undelivered"
    """Alerts that `detector forward` could not hand over."""
    partitions: int = Field(default=4, ge=1, le=1024)
    replication: int = Field(default=1, ge=1, le=9)


Share = Annotated[float, Field(gt=0, le=1)]


class ThresholdSettings(_Section):
    """Confidences from which a type is told, instead of the model's own; `detector replay --write-thresholds` writes them."""

    ceasefire: Share | None = None
    evacuation: Share | None = None
    atrocity: Share | None = None
    solidarity: Share | None = None
    model: str | None = Field(default=None, pattern=r"^[0-9a-f]{8,64}$")
    """Digest of the model that they were chosen for; a worker with another model does not start."""

    def by_type(self) -> dict[str, float]:
        """Return the thresholds that are set."""
        named = {kind: getattr(self, kind) for kind in ("ceasefire", "evacuation", "atrocity", "solidarity")}
        return {kind: value for kind, value in named.items() if value is not None}


Days = Annotated[float, Field(gt=0, le=3650)]


class WindowSettings(_Section):
    """How far apart in time the articles of one event can be; what is not set is as `core.correlation.rules` has it."""

    gap_days: Days | None = None
    """Two articles farther apart say nothing about each other."""
    span_days: Days | None = None
    """No event holds articles farther apart."""
    quiet_days: Days | None = None
    """An event to which nothing came for so long is forgotten. At least twice `gap_days`."""


class CorrelationSettings(_Section):
    """When articles are about one event, by type, in the time that the articles themselves give."""

    ceasefire: WindowSettings = WindowSettings()
    evacuation: WindowSettings = WindowSettings()
    atrocity: WindowSettings = WindowSettings()
    solidarity: WindowSettings = WindowSettings()


class WorkerSettings(_Section):
    """How a worker reads, batches, retries and hands over."""

    group: str = Field(default="detector", min_length=1, max_length=200, pattern=r"^[a-zA-Z0-9._-]+$")
    """Consumer group; it also begins the names of the changelog topics that keep the workers' state."""
    batch_articles: int = Field(default=256, ge=1, le=4096)
    batch_wait_seconds: float = Field(default=0.05, gt=0, le=10)
    buffer_records: int = Field(default=1024, ge=1)
    max_poll_records: int = Field(default=500, ge=1)
    session_timeout_seconds: float = Field(default=9.0, ge=6, le=300)
    """How long a silent worker keeps its partitions: the time to take over after a SIGKILL."""
    heartbeat_seconds: float = Field(default=3.0, gt=0)
    rebalance_timeout_seconds: float = Field(default=30.0, ge=6)
    commit_interval_seconds: float = Field(default=1.0, gt=0, le=60)
    request_timeout_seconds: float = Field(default=30.0, ge=1)
    retry_initial_seconds: float = Field(default=0.2, gt=0)
    retry_max_seconds: float = Field(default=10.0, gt=0)
    stall_seconds: float = Field(default=5.0, gt=0)
    """How long delivered records may lie unfinished with nobody at work on them before they are read again."""
    drain_seconds: float = Field(default=20.0, gt=0)
    """How long a stop or a rebalance waits for work in hand; what is not finished by then is read again."""
    data_dir: UserPath = Path("~/.local/state/news-event-detector/worker")

    @model_validator(mode="after")
    def _timeouts_fit(self) -> Self:
        if self.heartbeat_seconds * 2 > self.session_timeout_seconds:
            message = "heartbeat_seconds must be at most half of session_timeout_seconds"
            raise ValueError(message)
        if self.session_timeout_seconds > self.request_timeout_seconds:
            message = "session_timeout_seconds must not exceed request_timeout_seconds"
            raise ValueError(message)
        return self


class DeadLetterSettings(_Section):
    """When diverting becomes wrong: a worker stops once more than `max_share` of the last `window_records` failed."""

    max_share: float = Field(default=0.5, gt=0, le=1)
    window_records: int = Field(default=1000, ge=10)
    min_records: int = Field(default=200, ge=1)
    """Rejections are not judged before this many records were seen; counting starts anew with each start of a worker."""

    @model_validator(mode="after")
    def _window_holds_minimum(self) -> Self:
        if self.min_records > self.window_records:
            message = "min_records must not exceed window_records, or the limit could never be reached"
            raise ValueError(message)
        return self


class WebSettings(_Section):
    """Where `/metrics`, `/healthz` and `/readyz` are served. Port 0 takes any free one."""

    host: str = "127.0.0.1"
    port: Port = 6066
    port_attempts: int = Field(default=20, ge=1, le=1000)
    """How many following ports are tried when `port` is taken, so that workers on one host do not fight."""
    requests_per_second: int = Field(default=20, ge=1, le=10_000)
    """Of each page; more are answered with status 429. Prometheus and probes ask once in some seconds."""
    url_file: UserPath | None = None
    """Where to write the address once it is served, for whoever started the worker and must find it."""


class HealthSettings(_Section):
    """When a worker counts as stuck."""

    loop_stall_seconds: float = Field(default=30.0, gt=0)
    no_progress_seconds: float = Field(default=300.0, gt=0)


class ReplaySettings(_Section):
    """How `detector replay` reads and scores, and where it keeps its runs."""

    runs_dir: UserPath = Path("~/.local/share/news-event-detector/runs")
    """Each run has a folder of its own in it."""
    processes: int = Field(default=0, ge=0, le=1024)
    """Scoring processes; 0 means one for each processor."""
    batch_records: int = Field(default=512, ge=1, le=4096)


class DriftSettings(_Section):
    """What a worker compares the news with for its drift metrics."""

    reference_file: UserPath | None = None
    """Made with `detector reports reference`; without it the one in the package, which is of the model in the package."""


class ForwardSettings(_Section):
    """How `detector forward` hands alerts over HTTP, tries again and gives up."""

    timeout_seconds: float = Field(default=10.0, gt=0, le=300)
    """Of one request, from connecting to the end of the answer."""
    retry_initial_seconds: float = Field(default=0.5, gt=0)
    retry_max_seconds: float = Field(default=30.0, gt=0)
    give_up_seconds: float = Field(default=300.0, gt=0, le=86400)
    """How long one alert is tried before it is put on `topics.undelivered`; a longer Retry-After is cut to what is left."""
    authorization_file: UserPath | None = None
    """Its content is sent as the header Authorization, such as `Bearer abc`; a file, so that no process list shows it."""
    resend_seconds: float = Field(default=60.0, gt=0, le=3600)
    """How often live events are sent to Alertmanager again; one that is not sent four times in a row resolves by itself."""


class LogSettings(_Section):
    """What is logged and how; `auto` means JSON unless standard error is a terminal."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "json", "console"] = "auto"


class EmbeddedBrokerSettings(_Section):
    """The Apache Kafka that `detector broker` and `detector demo` run on this machine."""

    port: Port = 9092
    data_dir: UserPath = Path("~/.local/share/news-event-detector/broker")
    cache_dir: UserPath = Path("~/.cache/news-event-detector/kafka")
    heap_megabytes: int = Field(default=512, ge=128)
    start_timeout_seconds: float = Field(default=90.0, gt=0)


class Settings(BaseSettings):
    """The whole tree; immutable, passed down, never global."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", env_ignore_empty=True, frozen=True, extra="forbid"
    )

    broker: Broker = "127.0.0.1:9092"
    model_file: UserPath | None = None
    """A model to use instead of the one in the package."""
    thresholds: ThresholdSettings = ThresholdSettings()
    security: SecuritySettings = SecuritySettings()
    topics: TopicSettings = TopicSettings()
    correlation: CorrelationSettings = CorrelationSettings()
    worker: WorkerSettings = WorkerSettings()
    dead_letters: DeadLetterSettings = DeadLetterSettings()
    web: WebSettings = WebSettings()
    health: HealthSettings = HealthSettings()
    replay: ReplaySettings = ReplaySettings()
    drift: DriftSettings = DriftSettings()
    forward: ForwardSettings = ForwardSettings()
    log: LogSettings = LogSettings()
    embedded: EmbeddedBrokerSettings = EmbeddedBrokerSettings()

    @property
    def article_changelog(self) -> str:
        """Topic that keeps what the detect agent remembers of articles; as many partitions as `topics.articles`."""
        return f"{self.worker.group}-articles-changelog"

    @property
    def event_changelog(self) -> str:
        """Topic that keeps what the correlate agent knows of events; as many partitions as `topics.detections`."""
        return f"{self.worker.group}-events-changelog"


def load_settings(**overrides: object) -> Settings:
    """Read the settings; raises `SettingsError` that names the variable at fault and what it may be.

    `overrides` win over the environment. A `DETECTOR_` variable that no setting has is an error, not a silent typo.
    """
    _refuse_unknown(os.environ)
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # checked by pydantic at run time
    except ValidationError as error:
        raise SettingsError("; ".join(_describe(error))) from None


def setting_names(model: type[BaseModel] = Settings, prefix: str = PREFIX) -> Iterator[str]:
    """Name the environment variable of every setting."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from setting_names(field.annotation, f"{prefix}{name.upper()}__")
        else:
            yield f"{prefix}{name.upper()}"


def environment_of(settings: BaseModel, prefix: str = PREFIX) -> dict[str, str]:
    """Write settings as environment variables, for a child process that must run under the same ones."""
    variables: dict[str, str] = {}
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, BaseModel):
            variables |= environment_of(value, f"{prefix}{name.upper()}__")
        elif isinstance(value, SecretStr):
            variables[f"{prefix}{name.upper()}"] = value.get_secret_value()
        elif value is not None:
            variables[f"{prefix}{name.upper()}"] = str(value)
    return variables


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    known = set(setting_names())
    for variable in sorted(environment):
        if variable.startswith(PREFIX) and variable not in known and not variable.startswith(_FOREIGN_PREFIXES):
            close = difflib.get_close_matches(variable, known, n=1)
            hint = f"; did you mean {close[0]}?" if close else "; `detector config show` lists every setting"
            message = f"{variable} is not a setting{hint}"
            raise SettingsError(message)


def _describe(error: ValidationError) -> Iterator[str]:
    for problem in error.errors(include_url=False):
        name = PREFIX + "__".join(str(part).upper() for part in problem["loc"])
        reason = problem["msg"].removeprefix("Value error, ")
        shown = (
            "" if "password" in name.lower() or isinstance(problem["input"], dict) else f" (got {problem['input']!r})"
        )
        yield f"{name}: {reason}{shown}"
