"""The examples in docstrings and in the guide do what they show, against a real server."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
import pytest

import kremote
import kremote_proto
from kremote import backend
from kremote_proto.op import CATALOGUE

GUIDE = Path(__file__).parent.parent.parent / "docs" / "guide.md"
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL

#: Functions of files on the server, which not every server keeps.
OF_FILES = ("delete_saved", "saved")
FUNCTIONS = sorted(
    name
    for name, value in vars(backend).items()
    if isinstance(value, FunctionType) and not name.startswith("_") and name not in OF_FILES
)


@pytest.fixture(autouse=True)
def folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Examples write files."""
    monkeypatch.chdir(tmp_path)


def run(text: str, name: str, K: ModuleType) -> None:
    """Run the examples of a text; fail with what differs."""
    test = doctest.DocTestParser().get_doctest(text, {"K": K, "np": np, "kremote": kremote}, name, name, 0)
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    runner.run(test, out=report.append)
    assert test.examples, f"{name} shows no example"
    assert not runner.failures, "".join(report)


def test_the_guide(K: ModuleType) -> None:
    run(GUIDE.read_text(), "guide.md", K)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_of_k_shows_an_example_that_runs(name: str, K: ModuleType) -> None:
    if name in ("connect", "disconnect"):
        assert ">>>" in (getattr(backend, name).__doc__ or ""), "shown, but not run: it would change the test's session"
        return
    run(getattr(backend, name).__doc__ or "", f"K.{name}", K)


def test_functions_of_files_on_the_server(start_server: Any, tmp_path: Path, K: ModuleType) -> None:
    with start_server("--backend", "numpy", "--state-dir", str(tmp_path)) as server:
        session = K.connect(server.url, server.token)
        for name in OF_FILES:
            run(getattr(backend, name).__doc__ or "", f"K.{name}", K)
        session.delete()


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_every_op_shows_an_example_that_runs(name: str, K: ModuleType) -> None:
    run(CATALOGUE[name].doc, name, K)


def modules_of(package: ModuleType) -> list[str]:
    return [found.name for found in pkgutil.walk_packages(package.__path__, package.__name__ + ".")]


@pytest.mark.parametrize("name", [n for n in modules_of(kremote_proto) if ".ops" not in n])
def test_examples_of_the_protocol(name: str) -> None:
    module = importlib.import_module(name)
    failures, _ = doctest.testmod(module, optionflags=FLAGS)
    assert failures == 0
