"""scripts/demo starts a server, trains on it, stops it, and passes on what became of it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

#: Stands for scripts/environment: the environments of the demo are the one of the tests.
ENVIRONMENT = """
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
say() { printf '%s\\n' "$*" >&2; }
environment() { ln -s "$TEST_ENVIRONMENT" "$root/$1"; }
"""


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    """scripts/demo in a tree of its own."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "demo", tmp_path / "scripts")
    (tmp_path / "scripts" / "environment").write_text(ENVIRONMENT)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    return tmp_path / "scripts" / "demo"


def run(demo: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    temporary = demo.parent / "temporary"
    temporary.mkdir()
    done = subprocess.run(
        ["bash", str(demo), *arguments],
        env={**os.environ, "TEST_ENVIRONMENT": sys.prefix, "TMPDIR": str(temporary), **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert not list(temporary.glob("tmp.*")), "the demo left its folder behind"
    return done


def test_the_demo_trains_to_its_goal(demo: Path) -> None:
    done = run(demo)
    assert done.returncode == 0, done.stderr
    reached = re.search(r"360 held-out digits: ([\d.]+)% right", done.stdout)
    assert reached is not None
    assert float(reached[1]) >= 96
    assert re.search(r"\d+ round trips, [\d.]+ MB sent, [\d.]+ MB received", done.stdout)


def test_a_server_that_does_not_start_says_why(demo: Path) -> None:
    done = run(demo, KREMOTE_BACKEND="no_such_engine")
    assert done.returncode == 1
    assert "The server ended before it was ready" in done.stderr or "not ready after" in done.stderr
    assert "no_such_engine" in done.stderr
