"""The public surface: which names there are, and what importing them costs."""

from __future__ import annotations

import doctest
import inspect
import subprocess
import sys

import pytest

import kremote
from kremote import address, backend, structure
from kremote_proto.errors import ERRORS
from kremote_proto.op import CATALOGUE

#: Ops that K reaches by a callable or a call of what they made.
NOT_IN_K = {"call"}


def test_every_op_of_the_catalogue_is_a_k_function() -> None:
    bare = {name for name in CATALOGUE if "." not in name}
    assert bare - NOT_IN_K <= set(backend.__all__)


@pytest.mark.parametrize("module", [kremote, backend])
def test_all_is_sorted_and_complete(module: object) -> None:
    names = module.__all__  # type: ignore[attr-defined]
    assert names == sorted(names)
    assert len(names) == len(set(names))
    public = {
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and not inspect.ismodule(value)
        and name not in ("Any", "Tensor", "TensorLike", "Variable", "annotations")
    }
    assert public - set(names) == set()
    assert set(names) <= set(dir(module))


def test_every_error_is_exported() -> None:
    assert {error.__name__ for error in ERRORS.values()} <= set(kremote.__all__)


@pytest.mark.parametrize("name", backend.__all__)
def test_every_k_function_is_documented_with_an_example(name: str) -> None:
    doc = inspect.getdoc(getattr(backend, name)) or ""
    assert doc.splitlines()[0].endswith((".", ";")), doc
    assert ">>>" in doc


@pytest.mark.parametrize("name", ["variable", "function", "rnn", "stop_gradient"])
def test_a_wrapped_op_keeps_the_op_s_signature(name: str) -> None:
    declared = CATALOGUE[name].signature.parameters
    wrapped = inspect.signature(getattr(backend, name)).parameters
    assert list(wrapped)[: len(declared)] == list(declared)
    assert {n: p.default for n, p in declared.items()} == {n: wrapped[n].default for n in declared}


@pytest.mark.parametrize("module", [address, structure])
def test_examples_in_docstrings(module: object) -> None:
    result = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)  # type: ignore[arg-type]
    assert result.attempted
    assert not result.failed


def test_importing_the_client_adds_little_to_importing_numpy() -> None:
    """DESIGN.md wants under 0.3 s in all; numpy's own part depends on the machine, so it is measured beside ours."""

    def seconds(statement: str) -> float:
        program = f"import time; start = time.perf_counter(); {statement}; print(time.perf_counter() - start)"
        runs = [
            subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
            for _ in range(3)
        ]
        return min(float(run.stdout) for run in runs)

    assert seconds("import kremote.backend") < 0.3 + 2 * seconds("import numpy")


def test_what_k_does_not_have_is_said_with_near_misses() -> None:
    with pytest.raises(AttributeError, match=r"no K\.softmaxx: .*docs/ops\.md.*K\.softmax"):
        backend.softmaxx  # noqa: B018
    assert set(dir(backend)) - set(backend.__all__) == {"__internal__", "experimental"}
