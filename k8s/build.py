"""Makes k8s/monitoring/rules.yaml and dashboards.yaml from deploy/, so that a cluster has the rules and pages of compose.yaml.

`make deploy-files` runs it; tests/deploy/test_kubernetes.py fails while the files are not what it would write.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

_ROOT: Final = Path(__file__).resolve().parent.parent
_MONITORING: Final = _ROOT / "k8s/monitoring"
_HEAD: Final = "# Made from deploy/ by `make deploy-files`; edit there.\n"
_MAX_CONFIG_MAP_BYTES: Final = 1 << 20
"""Kubernetes takes no larger one."""


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(str, _text)


def manifests() -> dict[Path, str]:
    """Return what each generated file should hold."""
    return {
        _MONITORING / "rules.yaml": _HEAD + _dump(_rules()),
        _MONITORING / "dashboards.yaml": _HEAD + _dump(_dashboards()),
    }


def _rules() -> Iterator[dict[str, Any]]:
    for file in sorted((_ROOT / "deploy/prometheus/rules").glob("*.yml")):
        yield {
            "apiVersion": "monitoring.coreos.com/v1",
            "kind": "PrometheusRule",
            "metadata": {"name": f"detector-{file.stem}"},
            "spec": yaml.safe_load(file.read_text(encoding="utf-8")),
        }


def _dashboards() -> Iterator[dict[str, Any]]:
    for file in sorted((_ROOT / "deploy/grafana/dashboards").glob("*.json")):
        text = json.dumps(json.loads(file.read_text(encoding="utf-8")), ensure_ascii=False, separators=(",", ":"))
        if len(text.encode()) > _MAX_CONFIG_MAP_BYTES:
            message = f"{file.name} has more than {_MAX_CONFIG_MAP_BYTES} bytes, which no ConfigMap holds"
            raise SystemExit(message)
        yield {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": f"detector-dashboard-{file.stem}",
                "labels": {"grafana_dashboard": "1"},
                "annotations": {"grafana_folder": "Detector"},
            },
            "data": {file.name: text},
        }


def _dump(documents: Iterator[dict[str, Any]]) -> str:
    return yaml.dump_all(documents, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


if __name__ == "__main__":
    for path, content in manifests().items():
        path.write_text(content, encoding="utf-8")
