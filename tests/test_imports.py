"""Imports point one way, client → proto ← server, and only workers import TensorFlow."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = {"kremote": ROOT / "client", "kremote_proto": ROOT / "proto", "kremote_server": ROOT / "server"}
ALLOWED = {
    "kremote": {"kremote", "kremote_proto"},
    "kremote_proto": {"kremote_proto"},
    "kremote_server": {"kremote_server", "kremote_proto"},
}
#: The only folders whose modules may import TensorFlow.
ENGINES = ROOT / "server" / "kremote_server" / "engines" / "tensorflow"
CLIENT_PACKAGES = {"numpy", "msgpack", "httpx", "ml_dtypes", "scipy", "IPython", "h5py"}


def sources(package: str) -> list[Path]:
    found = sorted((PACKAGES[package] / package).rglob("*.py"))
    assert found, f"{package} has no sources"
    return found


def imported(path: Path) -> set[str]:
    """The top-level names a file imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.partition(".")[0])
    return names


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_between_packages_point_to_proto(package: str) -> None:
    for path in sources(package):
        crossing = (imported(path) & set(PACKAGES)) - ALLOWED[package]
        assert not crossing, f"{path.relative_to(ROOT)} imports {crossing}"


def test_only_the_tensorflow_engine_names_tensorflow() -> None:
    for package in PACKAGES:
        for path in sources(package):
            if ENGINES not in path.parents:
                assert not imported(path) & {"tensorflow", "tf_keras", "keras"}, path.relative_to(ROOT)


@pytest.mark.parametrize("package", ["kremote", "kremote_proto"])
def test_the_client_needs_only_its_own_dependencies(package: str) -> None:
    for path in sources(package):
        foreign = imported(path) - set(sys.stdlib_module_names) - set(PACKAGES) - CLIENT_PACKAGES
        assert not foreign, f"{path.relative_to(ROOT)} imports {foreign}"


def loaded_by(statement: str) -> set[str]:
    """The top-level modules a fresh interpreter has after a statement."""
    program = f"{statement}\nimport sys, json\nprint(json.dumps(sorted({{n.partition('.')[0] for n in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    ("statement", "unwanted"),
    [
        ("from kremote import backend as K", {"tensorflow", "keras", "kremote_server", "fastapi", "httpx"}),
        ("import kremote_server.app", {"tensorflow", "keras", "kremote"}),
        ("import kremote_server.__main__", {"tensorflow", "keras", "kremote"}),
        ("import kremote_proto.ops", {"tensorflow", "keras", "kremote", "kremote_server", "httpx"}),
    ],
)
def test_what_a_process_loads(statement: str, unwanted: set[str]) -> None:
    loaded = loaded_by(statement)
    assert "kremote_proto" in loaded
    assert not loaded & unwanted
