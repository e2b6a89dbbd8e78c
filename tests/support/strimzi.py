"""Reads the rights that k8s/ grants out of Strimzi's KafkaUser objects."""

import yaml

from tests.conftest import REPOSITORY
from tests.support.guarded_kafka import Right


def granted_rights() -> set[Right]:
    """Give every right of every user."""
    documents = yaml.safe_load_all((REPOSITORY / "k8s/kafka/users.yaml").read_text(encoding="utf-8"))
    return {
        Right(
            user=document["metadata"]["name"],
            operation=operation.upper(),
            kind=acl["resource"]["type"],
            name=acl["resource"]["name"],
            prefix=acl["resource"]["patternType"] == "prefix",
        )
        for document in documents
        for acl in document["spec"]["authorization"]["acls"]
        for operation in acl["operations"]
    }
