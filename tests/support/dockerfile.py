"""Runs a Dockerfile's build steps without an engine: each COPY and RUN of a stage, in folders that stand for the image's."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Instruction:
    """One instruction: `RUN`, `COPY` ..., and all that stands behind it, line continuations joined."""

    name: str
    rest: str

    @property
    def words(self) -> list[str]:
        """What stands behind it as a list, out of JSON where the exec form is used."""
        return json.loads(self.rest) if self.rest.startswith("[") else shlex.split(self.rest)


def instructions(file: Path) -> list[Instruction]:
    """Read a Dockerfile, comments left out."""
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [Instruction(*line.split(None, 1)) for line in joined.splitlines() if line.strip()]


def stage(file: Path, name: str | None) -> list[Instruction]:
    """Give the instructions of a stage, `None` for the last one, which has no name."""
    found: dict[str | None, list[Instruction]] = {}
    for instruction in instructions(file):
        if instruction.name == "FROM":
            words = instruction.words
            current = words[2] if len(words) > 1 else None
            found[current] = []
        if found:
            found[current].append(instruction)
    return found[name]


def environment(steps: list[Instruction]) -> dict[str, str]:
    """Give what the stage's ENV instructions set."""
    return dict(word.split("=", 1) for step in steps if step.name == "ENV" for word in step.words)


def build(steps: list[Instruction], *, context: Path, folders: Mapping[str, Path], installer: Path) -> Iterator[str]:
    """Execute COPY and RUN of a stage; yields each command that was run.

    `folders` says where the image's absolute paths are on this machine, `/src` being the working directory. `python` is the
    interpreter that runs this, and what `pip install` brings lies in a fresh environment in `installer`.
    """
    subprocess.run([sys.executable, "-m", "venv", installer], check=True)
    variables = {name: _moved(value, folders) for name, value in environment(steps).items()}
    search_path = f"{installer / 'bin'}:/usr/bin:/bin"
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_INDEX", "SSL_", "HTTP"))}
    kept |= {name: os.environ[name] for name in ("https_proxy", "http_proxy", "no_proxy") if name in os.environ}
    # What was downloaded before need not come again; the image is made without a cache.
    kept["UV_CACHE_DIR"] = os.environ.get("UV_CACHE_DIR") or str(Path.home() / ".cache/uv")
    variables.pop("UV_NO_CACHE", None)
    work = folders["/src"]
    for step in steps:
        if step.name == "COPY":
            *sources, target = step.words
            for source in sources:
                _copy(context / source, work / target, into=len(sources) > 1 or target.endswith("/"))
        if step.name == "RUN":
            command = _moved(step.rest, folders)
            yield command
            done = subprocess.run(
                ["/bin/sh", "-c", command],
                cwd=work,
                env=kept | variables | {"PATH": search_path, "HOME": str(installer)},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, f"{command}: {done.stderr}"


def _moved(text: str, folders: Mapping[str, Path]) -> str:
    for inside, outside in folders.items():
        text = re.sub(rf"(?<![\w/]){re.escape(inside)}(?![\w])", str(outside), text)
    return text


def _copy(source: Path, target: Path, *, into: bool) -> None:
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target / source.name if into else target)
