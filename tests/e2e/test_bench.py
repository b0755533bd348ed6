"""The benchmark runs, and tells what it measured. What it measured is no test."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def run(folder: Path, *rows: str) -> tuple[str, dict[str, Any]]:
    """What a run of these rows, as small as can be, prints and records."""
    options = ["--scale", "tiny", "--peers", "--output", str(folder), "--rows", *rows]
    command = [sys.executable, "-m", "benchmarks", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, json.loads((folder / "results.json").read_text())


@pytest.mark.parametrize("rows", [("op", "chain-new", "chain"), ("upload", "download", "mlp", "eager")], ids="-".join)
def test_systems_are_compared(tmp_path: Path, rows: tuple[str, ...]) -> None:
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
