"""The page's snippets (C1 to C22), run as a user pastes them: on a machine that has no TensorFlow, against a server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ..conftest import Server
from .statements import statement

HERE = Path(__file__).parent
SNIPPETS = sorted((HERE / "snippets").glob("c*.py"))
#: C1 and C2 are about what an interpreter starts with, and run in interpreters of their own.
CONNECTED = [path for path in SNIPPETS if path.stem[:3] not in ("c01", "c02")]
DEFAULT_JSON = {"image_data_format": "channels_last", "epsilon": 1e-07, "floatx": "float32", "backend": "tensorflow"}

RunThin = Callable[..., "subprocess.CompletedProcess[str]"]


def snippet(identifier: str) -> str:
    (path,) = (path for path in SNIPPETS if path.stem.startswith(identifier))
    return path.read_text()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of the client's own."""
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_every_snippet_is_here() -> None:
    assert [path.stem[:3] for path in SNIPPETS] == [f"c{n:02}" for n in range(1, 23)]


@pytest.fixture(scope="session")
def outcomes(server: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """How each snippet ended; and, to know that one can fail, two that must."""
    folder = tmp_path_factory.mktemp("snippets")
    (folder / "wrong.py").write_text(snippet("c15").replace("== 4", "== 5"))
    (folder / "imports.py").write_text("import tensorflow")
    paths = [*CONNECTED, folder / "wrong.py", folder / "imports.py"]
    done = subprocess.run(
        [sys.executable, str(HERE / "run_snippets.py"), *map(str, paths)],
        env={**os.environ, "KREMOTE_URL": server.url, "KREMOTE_TOKEN": server.token},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {Path(path).stem: outcome for path, outcome in json.loads(done.stdout).items()}


@pytest.mark.parametrize("path", CONNECTED, ids=lambda path: path.stem)
def test_a_snippet_runs(outcomes: dict[str, Any], path: Path) -> None:
    outcome = outcomes[path.stem]
    assert outcome["status"] == 0, outcome["output"]


@pytest.mark.parametrize(("name", "error"), [("wrong", "AssertionError"), ("imports", "does without tensorflow")])
def test_a_snippet_that_is_wrong_fails(outcomes: dict[str, Any], name: str, error: str) -> None:
    outcome = outcomes[name]
    assert outcome["status"] == 1
    assert error in outcome["output"]


@statement(5, 6)
def test_c1_the_environment_names_the_backend(home: Path, run_thin: RunThin) -> None:
    (home / ".keras").mkdir()
    (home / ".keras" / "keras.json").write_text(json.dumps({**DEFAULT_JSON, "backend": "theano"}))
    done = run_thin(snippet("c01"), KERAS_BACKEND="tensorflow")
    assert done.stderr == "Using TensorFlow backend.\n"


@statement(2, 3, 7)
@pytest.mark.parametrize("backend", [None, "tensorflow", "my_package.my_module"])
def test_c2_the_file_names_the_backend(home: Path, run_thin: RunThin, backend: str | None) -> None:
    """None: there is no file yet, and the client makes it."""
    if backend is not None:
        (home / ".keras").mkdir()
        (home / ".keras" / "keras.json").write_text(json.dumps({**DEFAULT_JSON, "backend": backend}))
    done = run_thin(snippet("c02"))
    assert done.stdout == f"{backend or 'tensorflow'}\n"
    assert done.stderr == f"Using {backend if backend and '.' in backend else 'TensorFlow'} backend.\n"
