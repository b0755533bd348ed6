"""The benchmark runs, and tells what it measured. What it measured is no test."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from benchmarks.__main__ import arguments

ROOT = Path(__file__).parents[2]


def run(folder: Path, *rows: str) -> tuple[str, dict[str, Any]]:
    """What a run of these rows, as small as can be, prints and records."""
    options = ["--scale", "tiny", "--peers", "--output", str(folder), "--rows", *rows]
    command = [sys.executable, "-m", "benchmarks", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, json.loads((folder / "results.json").read_text())


@pytest.mark.parametrize(("given", "scale"), [([], "full"), (["--quick"], "quick"), (["--scale", "tiny"], "tiny")])
def test_everything_is_measured_unless_less_is_asked_for(given: list[str], scale: str) -> None:
    assert arguments(given).scale == scale


def test_systems_are_compared(tmp_path: Path) -> None:
    rows = ("op", "chain-new", "chain", "upload", "download", "mlp", "eager", "link-mlp")
    printed, recorded = run(tmp_path, *rows)
    assert [row["name"] for row in recorded["rows"]] == list(rows)
    for row in recorded["rows"]:
        assert row["error"] is None
        assert all(figure["value"] > 0 for figure in row["figures"])
        assert len(row["summary"]) >= 2
        assert row["title"] in printed
    page = (tmp_path / "index.html").read_text()
    assert page.count("<svg") == 2 * len(rows)
    assert not re.search(r"(src|href)=.?https?:", page)


def test_the_server_is_watched_under_load(tmp_path: Path) -> None:
    rows = ("clients", "neighbours", "memory", "handles")
    _, recorded = run(tmp_path, *rows)
    assert [(row["name"], row["error"]) for row in recorded["rows"]] == [(row, None) for row in rows]
    assert all(row["figures"] for row in recorded["rows"])


def test_a_small_op_is_taken_apart() -> None:
    command = [sys.executable, "-m", "benchmarks.layers", "--repetitions", "1", "--calls", "2"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    assert re.search(r"\| engine: the add and its bytes \| \d+ \|", done.stdout)


def test_a_row_that_fails_says_why_and_the_others_are_measured(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FAILING, "--scale", "tiny", "--peers", "--output", str(tmp_path)]
    done = subprocess.run(
        [*command, "--rows", "upload", "memory"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert re.search(r"upload 100 MiB .*failed: .*no wire here", done.stdout)
    assert re.search(r"above idle .* MiB", done.stdout)


#: The benchmark on a machine where a system does not start.
FAILING = """
import sys
from benchmarks import __main__, stage
from benchmarks.system_process import SystemFailed, SystemProcess

def start(self, name, environment=None, real=stage.Stage.start):
    if name == "raw_tcp":
        raise SystemFailed("no wire here")
    return real(self, name, environment)

stage.Stage.start = start
sys.exit(__main__.main())
"""
