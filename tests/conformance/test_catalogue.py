"""The catalogue, the engine and the rows name the same ops."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from kremote_proto.op import CATALOGUE

from .calling import implementation
from .rows import CALLED_AS, ELSEWHERE, ROWS

EVERY = sorted(CATALOGUE)


def test_every_op_has_a_row_and_every_row_an_op() -> None:
    rows = {row.op for row in ROWS} | {name for names in ELSEWHERE.values() for name in names}
    assert rows == set(CATALOGUE)


@pytest.mark.parametrize("file", sorted(ELSEWHERE))
def test_ops_with_tests_elsewhere_are_called_there(file: str) -> None:
    source = (Path(__file__).parent / file).read_text()
    for name in ELSEWHERE[file]:
        assert f"K.{CALLED_AS.get(name, name)}" in source, name


@pytest.mark.parametrize("name", EVERY)
def test_the_engine_has_the_op_with_the_declared_parameters(name: str) -> None:
    assert list(inspect.signature(implementation(name)).parameters) == list(CATALOGUE[name].parameters)


@pytest.mark.parametrize("name", EVERY)
def test_an_op_is_documented(name: str) -> None:
    op = CATALOGUE[name]
    assert op.doc.splitlines()[0].endswith((".", "`.")), "the first line is a sentence"
    assert "Example:" in op.doc
    arguments = op.doc.partition("Args:")[2]
    for parameter in op.signature.parameters:
        assert f"\n    {parameter}: " in arguments, f"{parameter} has no description"
    assert op.returns == "nothing" or "Returns:" in op.doc
