"""The manifests of k8s/: rendered by kubectl, valid by the schemas, and strict in what they allow."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import kubernetes_validate
import pytest
import yaml

from detector.kafka.admin import topic_configs, topic_names
from detector.settings import Settings, WorkerSettings, setting_names
from k8s.build import manifests
from tests.conftest import REPOSITORY
from tests.support.dockerfile import environment, stage

Object = dict[str, Any]

RENDERED: Final = ("overlays/dev", "overlays/production", "kafka")
KUBERNETES: Final = "1.34"
"""The oldest version whose schemas must accept the manifests; the newest that the package has is tried too."""

SCHEMAS: Final = Path(__file__).parent / "crd"
NO_SCHEMA: Final = {"external-secrets.io"}
"""Groups of custom resources that no package carries in the version used."""


def render(folder: str) -> list[Object]:
    """Give the objects that `kubectl apply -k k8s/FOLDER` would send."""
    kubectl = Path(sys.executable).with_name("kubectl")
    done = subprocess.run(
        [kubectl, "kustomize", REPOSITORY / "k8s" / folder], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return [document for document in yaml.safe_load_all(done.stdout) if document]


@pytest.fixture(scope="module")
def rendered() -> dict[str, list[Object]]:
    """Every overlay."""
    return {folder: render(folder) for folder in RENDERED}


def each(rendered: dict[str, list[Object]], *kinds: str) -> Iterator[tuple[str, Object]]:
    """Give the objects of some kinds in every overlay, named for the message of an assertion."""
    for folder, objects in rendered.items():
        for found in objects:
            if not kinds or found["kind"] in kinds:
                yield f"{folder}: {found['kind']} {found['metadata']['name']}", found


def one(rendered: dict[str, list[Object]], kind: str, name: str) -> Object:
    """Give the object of that name in the production overlay."""
    (found,) = (
        item
        for item in rendered["overlays/production"] + rendered["kafka"]
        if (item["kind"], item["metadata"]["name"]) == (kind, name)
    )
    return found


def is_custom(item: Object) -> bool:
    """Whether an object's kind is not Kubernetes' own."""
    group = item["apiVersion"].rpartition("/")[0]
    return "." in group and not group.endswith(".k8s.io")


def test_generated_files_are_current() -> None:
    """`make deploy-files` would change nothing."""
    for path, content in manifests().items():
        assert path.read_text(encoding="utf-8") == content, f"{path.name}: run `make deploy-files`"


@pytest.mark.parametrize("version", [KUBERNETES, kubernetes_validate.latest_version()])
def test_kubernetes_schemas_accept_every_object(rendered: dict[str, list[Object]], version: str) -> None:
    """Strictly: a field that does not exist is a fault."""
    checked = 0
    for name, item in each(rendered):
        if not is_custom(item):
            try:
                kubernetes_validate.validate(item, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                pytest.fail(f"{name}: {error.message}")
            checked += 1
    assert checked >= 15


def test_custom_resources_fit_their_schemas(
    rendered: dict[str, list[Object]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """By validators generated from the operators' own definitions, and a wrong object does not pass."""
    if not (npm := shutil.which("npm")) or not shutil.which("node"):
        pytest.skip("no npm on this machine: .ci/run installs nodejs and npm where it can")
    folder = tmp_path_factory.mktemp("crd")
    for file in SCHEMAS.iterdir():
        shutil.copy(file, folder)
    subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], cwd=folder, check=True)
    named = [(name, item) for name, item in each(rendered) if is_custom(item)]
    wrong = json.loads(json.dumps(one(rendered, "ScaledObject", "detector-worker")))
    wrong["spec"]["maxReplicaCount"] = "six"
    user = json.loads(json.dumps(one(rendered, "KafkaUser", "detector-worker")))
    user["spec"]["authorization"]["acls"][0]["operations"] = ["Raed"]
    faults = json.loads(
        subprocess.run(
            ["node", folder / "check.mjs"],
            input=json.dumps([*(item for _, item in named), wrong, user]),
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    )
    assert faults[-2] and faults[-1]
    for (name, item), found in zip(named, faults[:-2], strict=True):
        if found is None:
            assert item["apiVersion"].split("/")[0] in NO_SCHEMA, name
        else:
            assert found == [], name


def test_pods_keep_to_the_restricted_profile(rendered: dict[str, list[Object]]) -> None:
    """The Pod Security Standard's, with a read-only root, no token and limits on top."""
    seen = 0
    for name, item in each(rendered, "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod"):
        pod = item["spec"]["template"]["spec"]
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod), name
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["securityContext"]["runAsNonRoot"] is True and pod["securityContext"]["runAsUser"] > 0, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert all(set(volume) - {"name"} <= {"emptyDir", "secret", "configMap"} for volume in pod["volumes"]), name
        for container in pod["containers"] + pod.get("initContainers", []):
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False and context["readOnlyRootFilesystem"] is True, name
            assert context["capabilities"] == {"drop": ["ALL"]} and "privileged" not in context, name
            assert not any("hostPort" in port for port in container["ports"]), name
            limits, requests = container["resources"]["limits"], container["resources"]["requests"]
            assert limits["memory"] == requests["memory"] and {"cpu", "ephemeral-storage"} <= set(limits), name
            image = container["image"]
            assert re.search(r"(:\d+\.\d+\.\d+|@sha256:[0-9a-f]{64})$", image), f"{name}: {image}"
            writable = {mount["name"] for mount in container["volumeMounts"] if not mount.get("readOnly")}
            empty = {volume["name"] for volume in pod["volumes"] if "emptyDir" in volume}
            assert writable == empty, name
            seen += 1
    assert seen >= 2


def test_the_deployment_fits_the_image_and_the_program(rendered: dict[str, list[Object]]) -> None:
    """Same user and port as the image, every setting exists, what they name is mounted, and a stop waits for the drain."""
    pod = one(rendered, "Deployment", "detector-worker")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    last = {step.name: step for step in stage(REPOSITORY / "deploy/Dockerfile", None)}
    assert f"{pod['securityContext']['runAsUser']}:{pod['securityContext']['runAsGroup']}" == last["USER"].rest
    assert str(container["ports"][0]["containerPort"]) == last["EXPOSE"].rest
    assert pod["terminationGracePeriodSeconds"] > 2 * WorkerSettings().drain_seconds
    settings = one(rendered, "ConfigMap", "detector-settings")["data"]
    assert set(settings) <= set(setting_names())
    mounts = {mount["mountPath"] for mount in container["volumeMounts"]}
    for name in ("DETECTOR_SECURITY__PASSWORD_FILE", "DETECTOR_SECURITY__CA_FILE"):
        assert settings[name].rpartition("/")[0] in mounts
    written = environment(stage(REPOSITORY / "deploy/Dockerfile", None))
    assert all(written[name].startswith("/tmp/") for name in written if name.endswith("_DIR"))  # noqa: S108 - the image's
    secrets = {volume["secret"]["secretName"] for volume in pod["volumes"] if "secret" in volume}
    assert secrets <= {item["metadata"]["name"] for _, item in each(rendered, "ExternalSecret")}
    assert settings["DETECTOR_SECURITY__USERNAME"] == one(rendered, "KafkaUser", "detector-worker")["metadata"]["name"]


def test_nothing_goes_in_or_out_but_what_is_named(rendered: dict[str, list[Object]]) -> None:
    """A policy that denies all for every pod, and one that lets in Prometheus and out names and brokers."""
    for folder in ("overlays/dev", "overlays/production"):
        policies = {
            item["metadata"]["name"]: item["spec"] for item in rendered[folder] if item["kind"] == "NetworkPolicy"
        }
        deny = policies["default-deny"]
        assert set(deny["policyTypes"]) == {"Ingress", "Egress"} and not {"ingress", "egress"} & set(deny)
        (worker,) = (item for item in rendered[folder] if item["kind"] == "Deployment")
        labels = worker["spec"]["template"]["metadata"]["labels"]
        for policy in policies.values():
            assert policy["podSelector"]["matchLabels"].items() <= labels.items()
        allowed = policies["detector-worker"]
        assert [port["port"] for rule in allowed["ingress"] for port in rule["ports"]] == [6066]
        assert [port["port"] for rule in allowed["egress"] for port in rule["ports"]] == [53, 53, 9093]
        assert all(rule["to"] for rule in allowed["egress"]) and all(rule["from"] for rule in allowed["ingress"])


def test_selectors_meet_the_pods(rendered: dict[str, list[Object]]) -> None:
    """Service, budget, monitor and scaler mean the worker."""
    labels = one(rendered, "Deployment", "detector-worker")["spec"]["template"]["metadata"]["labels"]
    service = one(rendered, "Service", "detector-worker")
    assert service["spec"]["selector"].items() <= labels.items()
    budget = one(rendered, "PodDisruptionBudget", "detector-worker")["spec"]
    assert budget["selector"]["matchLabels"].items() <= labels.items() and budget["maxUnavailable"] == 1
    monitor = one(rendered, "ServiceMonitor", "detector-worker")["spec"]
    assert monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitor["endpoints"][0]["port"] in {port["name"] for port in service["spec"]["ports"]}
    assert "replicas" not in one(rendered, "Deployment", "detector-worker")["spec"]


def test_workers_follow_lag_within_the_partitions(rendered: dict[str, list[Object]]) -> None:
    """Two at least, no more than articles has partitions, and down slowly, one at a time."""
    scaled = one(rendered, "ScaledObject", "detector-worker")["spec"]
    assert scaled["minReplicaCount"] == 2
    assert scaled["maxReplicaCount"] == one(rendered, "KafkaTopic", "articles")["spec"]["partitions"]
    down = scaled["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]
    assert down["stabilizationWindowSeconds"] >= 600 and [policy["value"] for policy in down["policies"]] == [1]
    (trigger,) = scaled["triggers"]
    settings = Settings()
    assert trigger["metadata"]["topic"] == settings.topics.articles
    assert trigger["metadata"]["consumerGroup"] == settings.worker.group


def test_topics_are_those_that_the_program_makes(rendered: dict[str, list[Object]]) -> None:
    """Names and configuration as `detector topics create` has them; the changelogs as wide as what they belong to."""
    settings = Settings()
    topics = {item["spec"]["topicName"]: item["spec"] for item in rendered["kafka"] if item["kind"] == "KafkaTopic"}
    assert set(topics) == set(topic_names(settings))
    for name, configs in topic_configs(settings).items():
        given = {key: str(value) for key, value in topics[name]["config"].items()}
        assert configs.items() <= given.items(), name
        assert set(given) - set(configs) <= {"min.insync.replicas", "retention.ms"}, name
        assert topics[name]["replicas"] == 3 and given["min.insync.replicas"] == "2", name
    assert len({topic["partitions"] for topic in topics.values()}) == 1
