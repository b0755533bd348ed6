"""scripts/audit: which packages it asks of, and that an answer of nobody is not taken for a good one."""

from __future__ import annotations

import importlib.util
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "vulnerabilities"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    loader = SourceFileLoader("vulnerabilities", str(SCRIPT))
    spec = importlib.util.spec_from_loader("vulnerabilities", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


PACKAGES = {"httpx": "0.28.1", "numpy": "2.0.0"}
SOUND = {"name": "httpx", "version": "0.28.1", "vulns": []}
SKIPPED = {"name": "numpy", "skip_reason": "Dependency not found on PyPI and could not be audited: numpy (2.0.0)"}
FOUND = {"name": "numpy", "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["2.0.1"]}]}


def test_what_client_and_server_need_is_asked_for(script: ModuleType) -> None:
    packages = script.installed()
    assert {"numpy", "msgpack", "httpx", "fastapi", "uvicorn", "httptools", "starlette", "h11", "click"} <= set(
        packages
    )
    assert not {"kremote", "pytest", "mypy", "ruff", "trustme"} & set(packages)


@pytest.mark.parametrize(
    ("told", "code", "said"),
    [
        ([], 0, ["NOT DONE: the registry told of none of 2 packages"]),
        ([SKIPPED], 0, ["NOT DONE"]),
        ([SOUND, SKIPPED], 0, ["0 known vulnerabilities in 1 of 2", "not looked at", "numpy 2.0.0"]),
        ([SOUND, FOUND], 1, ["VULNERABLE  numpy 2.0.0: PYSEC-1, CVE-1; fixed in 2.0.1", "1 known"]),
    ],
)
def test_what_was_not_looked_at_is_said(
    script: ModuleType, capsys: pytest.CaptureFixture[str], told: list[dict[str, Any]], code: int, said: list[str]
) -> None:
    assert script.report(PACKAGES, told) == code
    printed = capsys.readouterr().out
    for part in said:
        assert part in printed


def test_pip_audit_is_run_on_the_versions_that_are_here(script: ModuleType, tmp_path: Path) -> None:
    tool = tmp_path / "tool.py"
    tool.write_text(
        "import json, sys\n"
        "lines = open(sys.argv[sys.argv.index('-r') + 1]).read().split()\n"
        "print(json.dumps({'dependencies': [dict(zip(('name', 'version'), line.split('=='))) for line in lines]}))\n"
    )
    told = script.ask([sys.executable, str(tool)], PACKAGES)
    assert {one["name"]: one["version"] for one in told} == PACKAGES
    tool.write_text("raise SystemExit('no network')")
    assert script.ask([sys.executable, str(tool)], PACKAGES) == []
    assert script.ask([str(tmp_path / "none")], PACKAGES) == []
