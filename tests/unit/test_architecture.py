"""The shape of the code: a pure core, layers that point inward, small modules, and a reason for every silenced check."""

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGE = REPOSITORY / "detector"
MAX_LINES = 400

FORBIDDEN_IN_CORE = {
    # Brokers, frameworks, network.
    *("faust", "kafka", "aiokafka", "aiohttp", "confluent_kafka", "requests", "urllib", "http", "socket", "ssl"),
    # Files, processes, the environment.
    *("os", "pathlib", "shutil", "tempfile", "glob", "subprocess", "sys", "importlib", "fileinput", "sqlite3", "mmap"),
    # Clocks, randomness, concurrency.
    *("time", "random", "secrets", "uuid", "asyncio", "threading", "multiprocessing", "concurrent", "signal"),
    # Settings, logs and unsafe loading.
    *(
        "logging",
        "structlog",
        "pydantic_settings",
        "prometheus_client",
        "click",
        "rich",
        "pickle",
        "joblib",
    ),
}
FORBIDDEN_CALLS = {"open", "input", "print", "eval", "exec", "breakpoint", "__import__"}
FORBIDDEN_ATTRIBUTES = {
    *("now", "utcnow", "today", "environ", "getenv", "urandom", "RandomState", "open", "memmap"),
    *("read_bytes", "read_text", "write_bytes", "write_text", "fromfile", "tofile", "genfromtxt", "loadtxt", "savetxt"),
}

LAYERS: dict[str, set[str]] = {
    # A part of the package, and the parts of the package that it may import. `detector` is the modules on top.
    "core": {"core"},
    "broker": {"broker", "errors", "settings"},
    "stream": {"stream", "core", "errors", "loading", "metrics", "settings", "kafka"},
    "report": {"report", "core", "errors"},
    "replay": {
        *("replay", "report", "core", "errors", "loading", "logs", "settings", "stream", "kafka", "article_files"),
    },
    "subscribing": {"subscribing", "core", "errors", "kafka", "settings"},
    "forwarding": {"forwarding", "subscribing", "core", "errors", "kafka", "settings", "stream"},
    "client": {"subscribing", "core", "errors", "settings"},
    "errors": set(),
    "settings": {"errors"},
    "metrics": {"core"},
    "logs": {"settings"},
    "loading": {"core", "errors"},
    "schemas": set(),
    "article_files": {"errors"},
    "corpus": {"core", "errors", "article_files"},
    "kafka": {"kafka", "errors", "settings"},
    "worker_process": {"broker", "errors", "settings"},
}
OUTERMOST = {"cli", "__main__"}
"""May import everything, and nothing imports them."""


def modules(folder: Path = PACKAGE) -> list[Path]:
    """Every Python file."""
    found = sorted(folder.rglob("*.py"))
    assert found
    return found


def name_of(file: Path) -> str:
    """Show a file as a path in the repository."""
    return str(file.relative_to(REPOSITORY))


def imported(tree: ast.AST) -> Iterator[str]:
    """Give the dotted name of everything that is imported, inside functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the layer"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def impurities(source: str) -> list[str]:
    """Name everything in a module that a pure core may not do."""
    tree = ast.parse(source)
    found = [f"imports {name}" for name in imported(tree) if name.split(".")[0] in FORBIDDEN_IN_CORE]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FORBIDDEN_CALLS:
            found.append(f"calls {node.func.id}, line {node.lineno}")
        if isinstance(node, ast.Attribute) and node.attr in FORBIDDEN_ATTRIBUTES:
            found.append(f"uses .{node.attr}, line {node.lineno}")
        if isinstance(node, ast.Call) and re.fullmatch(r"(np|numpy)\.random\.\w+", ast.unparse(node.func)):
            seeded = ast.unparse(node.func).endswith(".default_rng") and node.args
            found += [] if seeded else [f"draws without a seed, line {node.lineno}"]
    return found


@pytest.mark.parametrize("file", modules(PACKAGE / "core"), ids=name_of)
def test_the_core_touches_nothing_outside(file: Path) -> None:
    """No broker, file, network, environment, clock or randomness."""
    assert impurities(file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "import os",
        "import os.path as p",
        "from time import monotonic",
        "import faust.types",
        "def f():\n    import random",
        "from datetime import datetime\nnow = datetime.now()",
        "x = open('file')",
        "import io\nx = io.open('file')",
        "import numpy as np\nx = np.random.rand()",
        "import numpy as np\nx = np.random.default_rng()",
        "def f(path):\n    return path.read_bytes()",
    ],
)
def test_an_impure_module_would_be_found(source: str) -> None:
    assert impurities(source)


@pytest.mark.parametrize("file", modules(), ids=name_of)
def test_imports_point_inward(file: Path) -> None:
    parts = file.relative_to(PACKAGE).with_suffix("").parts
    layer = parts[0]
    if layer in OUTERMOST or parts == ("__init__",):
        return
    assert layer in LAYERS, f"say in this test what {layer} may import"
    for name in imported(ast.parse(file.read_text(encoding="utf-8"))):
        top, *rest = name.split(".")
        if top == "detector":
            assert rest and rest[0] in LAYERS[layer], f"{name_of(file)} imports {name}"


def test_layers_do_not_depend_on_each_other_in_a_circle() -> None:
    """Each can be built from those before it."""
    left = {layer: needs - {layer} for layer, needs in LAYERS.items()}
    while left:
        free = [layer for layer, needs in left.items() if not needs & left.keys()]
        assert free, f"a circle among {sorted(left)}"
        for layer in free:
            del left[layer]


@pytest.mark.parametrize("file", modules(), ids=name_of)
def test_no_module_is_long(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) <= MAX_LINES


@pytest.mark.parametrize("file", modules(), ids=name_of)
def test_every_module_says_what_it_is_for(file: Path) -> None:
    """The entry point and the packages' own files among them."""
    assert ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))


SILENCED = re.compile(
    r"#\s*(?:noqa:\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*|type:\s*ignore\[[a-z-]+(?:,\s*[a-z-]+)*\])(?P<reason>.*)"
)
BARE = re.compile(r"#\s*(?:noqa(?!:)|type:\s*ignore(?!\[)|ruff:\s*noqa|mypy:\s*ignore|pragma:|pylint:|fmt:\s*off)")


def unexplained(source: str) -> list[str]:
    """Give the comments that silence a check without saying which or why."""
    found = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        match = SILENCED.search(token.string)
        words = re.findall(r"\w+", match["reason"]) if match else []
        if BARE.search(token.string) or (match and not words):
            found.append(f"line {token.start[0]}: {token.string}")
    return found


@pytest.mark.parametrize(
    "file",
    [*modules(), *(file for top in ("deploy", "seeds", "tests") for file in modules(REPOSITORY / top))],
    ids=name_of,
)
def test_every_silenced_check_has_its_reason(file: Path) -> None:
    assert unexplained(file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("line", "fine"),
    [
        ("x = 1  # noqa: S101 narrows the type", True),
        ("x = 1  # noqa: S101 - narrows the type", True),
        ("x = 1  # noqa: FBT001, FBT002 Faust's own signature", True),
        ("x = 1  # type: ignore[arg-type]  # checked at run time", True),
        ("x = 1  # noqa: S101", False),
        ("x = 1  # noqa", False),
        ("x = 1  # type: ignore", False),
        ("x = 1  # type: ignore[arg-type]", False),
        ("# ruff: noqa", False),
        ("x = '# noqa'", True),
    ],
)
def test_a_reason_is_told_from_none(line: str, fine: bool) -> None:  # noqa: FBT001 a table's column
    assert (unexplained(line + "\n") == []) is fine


def test_what_runs_for_long_does_not_import_what_only_training_needs() -> None:
    """Scikit-learn takes more processor time to import than all else a process needs before its first article."""
    code = "import sys, detector.stream.app, detector.replay.scoring; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
