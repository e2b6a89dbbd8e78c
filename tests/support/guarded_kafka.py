"""A Kafka as in production: TLS, SCRAM logins and ACLs; its authorizer's audit log says which rights were really used."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    KafkaAdminClient,
    ResourcePattern,
    ResourceType,
    ScramMechanism,
    UserScramCredentialUpsertion,
)
from pydantic import SecretStr

from detector.broker.embedded import EmbeddedBroker, usable_port
from detector.settings import EmbeddedBrokerSettings, SecuritySettings, Settings

PASSWORD = "correct horse"  # noqa: S105 of users that live as long as a test
PLAIN_USER = "plain"
_ALLOWED = re.compile(
    r"Principal = User:(?P<user>\S+) is Allowed operation = (?P<operation>\w+) .*"
    r"resource = (?P<kind>\w+):LITERAL:(?P<name>\S+)"
)


@dataclass(frozen=True, order=True)
class Right:
    """What a user may do: an operation on the topic or group of that name, or of every name that begins so."""

    user: str
    operation: str
    kind: str
    name: str
    prefix: bool = False

    def covers(self, used: "Right") -> bool:
        """Whether Kafka allows what was used because of this right; reading and writing include describing."""
        named = used.name.startswith(self.name) if self.prefix else used.name == self.name
        implied = used.operation == "DESCRIBE" and self.operation in {"READ", "WRITE", "DELETE", "ALTER"}
        return (
            named and (used.user, used.kind) == (self.user, self.kind) and (used.operation == self.operation or implied)
        )


@dataclass(frozen=True)
class GuardedKafka:
    """The running broker, the certificate authority that clients must trust, and what is needed to change rights."""

    broker: EmbeddedBroker
    address: str
    """TLS, and a login by SCRAM-SHA-512."""
    plain_address: str
    """No TLS, and a login by PLAIN, as `PLAIN_USER` only."""
    inner_address: str
    """Neither, for the super user."""
    ca_file: Path

    def settings_for(self, user: str, settings: Settings, *, password: str = PASSWORD, **security: object) -> Settings:
        """Give the same settings as that user, over TLS."""
        given = {
            "protocol": "SASL_SSL",
            "sasl_mechanism": "SCRAM-SHA-512",
            "username": user,
            "password": SecretStr(password),
            "ca_file": self.ca_file,
        } | security
        return settings.model_copy(update={"broker": self.address, "security": SecuritySettings.model_validate(given)})

    def allow(self, rights: Iterable[Right]) -> None:
        """Make the users that the rights name, and give them the rights."""
        rights = list(rights)
        admin = KafkaAdminClient(bootstrap_servers=self.inner_address)
        users = sorted({right.user for right in rights} - {PLAIN_USER})
        failed = admin.alter_user_scram_credentials(
            [UserScramCredentialUpsertion(user, ScramMechanism.SCRAM_SHA_512, PASSWORD) for user in users]
        )
        assert set(failed.values()) <= {None}, failed
        done = admin.create_acls([_acl(right) for right in rights])
        assert not done["failed"], done
        admin.close()

    def used(self) -> set[Right]:
        """Read from the audit log what the users' clients did and were allowed to do."""
        log = self.broker.log_file.read_text(encoding="utf-8", errors="replace")
        found = (match.groupdict() for match in _ALLOWED.finditer(log))
        return {
            Right(item["user"], item["operation"], item["kind"].lower(), item["name"])
            for item in found
            if item["user"] != "ANONYMOUS"
        }


@contextmanager
def guarded_kafka(folder: Path) -> Iterator[GuardedKafka]:
    """Run a Kafka whose clients must use TLS and log in with SCRAM-SHA-512, and may do only what an ACL allows.

    Another listener, without a login, is for making users and ACLs; its user is the super user.
    """
    authority = trustme.CA()
    ca_file, key_store = folder / "ca.pem", folder / "server.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    key_store.write_bytes(_key_and_certificates(authority))
    port, plain, inner, controller = (usable_port(0) for _ in range(4))
    advertised = f"SASL_SSL://127.0.0.1:{port},SASL_PLAINTEXT://127.0.0.1:{plain},PLAINTEXT://127.0.0.1:{inner}"
    properties: Mapping[str, str] = {
        "listeners": f"{advertised},CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": advertised,
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        "listener.security.protocol.map": (
            "SASL_SSL:SASL_SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT"
        ),
        "inter.broker.listener.name": "PLAINTEXT",
        "listener.name.sasl_ssl.sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "listener.name.sasl_plaintext.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.sasl_plaintext.plain.sasl.jaas.config": (
            f'org.apache.kafka.common.security.plain.PlainLoginModule required user_{PLAIN_USER}="{PASSWORD}";'
        ),
        "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": (
            "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        ),
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(key_store),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
    }
    settings = EmbeddedBrokerSettings(port=port, data_dir=folder / "kafka")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAVA_TOOL_OPTIONS", "-Dorg.slf4j.simpleLogger.log.kafka.authorizer.logger=debug")
        broker = EmbeddedBroker(settings, extra_properties=[f"{name}={value}" for name, value in properties.items()])
        broker.start()
    try:
        yield GuardedKafka(broker, f"127.0.0.1:{port}", f"127.0.0.1:{plain}", f"127.0.0.1:{inner}", ca_file)
    finally:
        broker.stop()


def _key_and_certificates(authority: trustme.CA) -> bytes:
    """Give a server's key, in the one form that Kafka reads, with its certificates."""
    issued = authority.issue_cert("127.0.0.1")
    key = load_pem_private_key(issued.private_key_pem.bytes(), password=None)
    chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + chain


def _acl(right: Right) -> ACL:
    pattern = ACLResourcePatternType.PREFIXED if right.prefix else ACLResourcePatternType.LITERAL
    return ACL(
        principal=f"User:{right.user}",
        host="*",
        operation=ACLOperation[right.operation],
        permission_type=ACLPermissionType.ALLOW,
        resource_pattern=ResourcePattern(ResourceType[right.kind.upper()], right.name, pattern),
    )
