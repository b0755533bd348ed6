"""The run as JSON: the machine, every repetition, every figure."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path

from ..outcome import Outcome
from ..rows.row import Row
from ..scale import Scale
from ..system_process import ROOT


def machine() -> dict[str, str]:
    """What the run was made on, and when."""
    return {
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "system": platform.platform(),
        "python": platform.python_version(),
        "tensorflow": next((_version(name) for name in ("tensorflow-cpu", "tensorflow") if _version(name)), ""),
        "commit": _commit(),
    }


def as_json(about: Mapping[str, str], scale: Scale, outcomes: Mapping[Row, Outcome]) -> str:
    """All of it. Seconds are absolute: compare them only within a run."""
    rows = [
        {
            "name": row.name,
            "title": row.title,
            **asdict(outcome),
            "summary": [{"label": s.label, "median": s.median, "p99": s.p99} for s in outcome.series],
        }
        for row, outcome in outcomes.items()
    ]
    return json.dumps({"machine": about, "scale": asdict(scale), "rows": rows}, indent=1)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    try:
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
