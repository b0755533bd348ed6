"""The environment of Keras 2.3.1, which `scripts/test` sets up, and what runs programs in it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ..conftest import Server

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-keras" / "bin" / "python"
#: These are for the other environment: `test_inside` runs them there.
collect_ignore = ["inside"]

RunKeras = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run_keras(server: Server, tmp_path: Path) -> RunKeras:
    """What runs Python in the environment of Keras, on the server: `run_keras("-m", "pytest", ...)`."""

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        assert PYTHON.exists(), "scripts/test makes the environment of Keras"
        keras = {"KERAS_BACKEND": "kremote.keras_backend", "KREMOTE_URL": server.url, "KREMOTE_TOKEN": server.token}
        return subprocess.run(
            [str(PYTHON), *arguments],
            env={**os.environ, **keras, "KERAS_HOME": str(tmp_path), **environment},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            cwd=ROOT,
        )

    return run
