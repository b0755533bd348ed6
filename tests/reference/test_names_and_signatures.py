"""The names of `kremote.backend`, and their parameters, are the references'; docs/differences.md tells what is not."""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from .tables import rows

SIGNATURES: dict[str, dict[str, str | None]] = json.loads(
    (Path(__file__).parent / "signatures.json").read_text(encoding="utf-8")
)["names"]
#: What the documentation says of a name that is not as the references have it.
TOLD = {row["name"].strip("`").removeprefix("K."): row for row in rows("Names and signatures")}

Parameters = dict[str, Any]


def of_reference(text: str) -> Parameters:
    """The parameters of a signature as written, each with its default."""
    (function,) = ast.parse(f"def f{text}: ...").body
    assert isinstance(function, ast.FunctionDef)
    names = [argument.arg for argument in function.args.args]
    defaults = [inspect.Parameter.empty] * (len(names) - len(function.args.defaults))
    defaults += [ast.literal_eval(default) for default in function.args.defaults]
    found = dict(zip(names, defaults, strict=True))
    return found | ({f"**{function.args.kwarg.arg}": inspect.Parameter.empty} if function.args.kwarg else {})


def of_kremote(function: Any) -> Parameters:
    """The parameters of a function, each with its default."""
    return {
        f"**{name}" if parameter.kind is parameter.VAR_KEYWORD else name: parameter.default
        for name, parameter in inspect.signature(function).parameters.items()
    }


def differences(function: Any, references: Mapping[str, str | None]) -> list[str]:
    """What differs between a function's parameters and those of the references that have it."""
    own, also = of_kremote(function), getattr(function, "also_named", {})
    positional = [name for name in own if not name.startswith("**")]
    found, known = [], set()
    for reference, text in references.items():
        theirs = {also.get(name, name): default for name, default in of_reference(text).items()} if text else {}
        known |= set(theirs)
        names = [name for name in theirs if not name.startswith("**")]
        if names != positional[: len(names)]:
            found.append(f"{reference} has ({', '.join(names)})")
        found += [
            f"{reference} has {name}={default!r}" for name, default in theirs.items() if own.get(name, name) != default
        ]
    return found + [f"no reference has {name}" for name in own if name not in known]


def find(K: ModuleType, name: str) -> Any:
    found: Any = K
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


@pytest.mark.parametrize("name", sorted(SIGNATURES))
def test_a_name_of_a_reference_is_there_with_its_parameters(K: ModuleType, name: str) -> None:
    function = find(K, name)
    found = differences(function, SIGNATURES[name]) if function is not None else ["it is not there"]
    if name in TOLD:
        assert found, f"K.{name} is as the references have it: take its row out of the table"
        return
    assert found == [], f"K.{name}{inspect.signature(function) if function else ''}"


def test_further_names_are_told(K: ModuleType) -> None:
    spaces = {name.partition(".")[0] for name in SIGNATURES if "." in name}
    assert {name for name in dir(K) if name not in SIGNATURES} - spaces == set(TOLD) - set(SIGNATURES)


def test_every_row_gives_a_reason() -> None:
    assert [name for name, row in TOLD.items() if not row["why"]] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(x, axis=-1)", []),
        ("(x, axis=None)", ["one has axis=None"]),
        ("(axis, x)", ["one has (axis, x)", "one has axis=<class 'inspect._empty'>"]),
        ("(x)", ["no reference has axis"]),
        ("(x, axis=-1, keepdims=False)", ["one has (x, axis, keepdims)", "one has keepdims=False"]),
        ("(x, axis=-1, **kwargs)", ["one has **kwargs=<class 'inspect._empty'>"]),
    ],
)
def test_what_counts_as_a_difference(text: str, expected: list[str]) -> None:
    def argmax(x: Any, axis: int = -1) -> None: ...

    assert differences(argmax, {"one": text, "other": None}) == expected
