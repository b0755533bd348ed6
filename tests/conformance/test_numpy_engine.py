"""The numpy engine: every op of the catalogue, and every case of every row, at once and recorded in a function."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kremote_proto.dtypes import dtype_name
from kremote_proto.errors import InvalidType, InvalidValue, Unsupported
from kremote_proto.op import CATALOGUE
from kremote_proto.specs import Spec, spec_of
from kremote_server.engines.engine import Engine
from kremote_server.engines.loading import load_engine

from .calling import arrays, assert_agrees, complete, expected
from .rows import ROWS, Row, draw
from .test_dtypes import NUMBERS, of_dtype

#: What the engine does not have, and why.
LACKS = {"gradients": "numpy does not differentiate"}

PRESENT = [(i, row) for i, row in enumerate(ROWS) if row.op not in LACKS]
EACH = [pytest.param(row, dtype, id=f"{row.op}-{dtype}-{i}") for i, row in PRESENT for dtype in row.dtypes]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return load_engine("numpy")


def drawn(row: Row, dtype: str) -> list[tuple[str, dict[str, Any]]]:
    return [(one.name, draw(one.arguments, dtype, f"{row.op} {one.name}")) for one in row.cases]


def wanted_dtype(row: Row, dtype: str, arguments: dict[str, Any]) -> str:
    return str(arguments.get("dtype") or row.result_dtype(dtype))


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_an_op_is_there_or_is_listed_as_lacking(engine: Engine, name: str) -> None:
    if name not in LACKS:
        assert callable(engine.find(CATALOGUE[name]))
        return
    with pytest.raises(Unsupported, match="the engine numpy has no") as caught:
        engine.find(CATALOGUE[name])(**dict.fromkeys(CATALOGUE[name].parameters))
    assert "tensorflow" in str(caught.value.hint), "it says which engine can"


@pytest.mark.parametrize(("row", "dtype"), EACH)
def test_at_once(engine: Engine, row: Row, dtype: str) -> None:
    for name, arguments in drawn(row, dtype):
        result = engine.find(CATALOGUE[row.op])(**complete(row.op, arrays(arguments, engine.tensor)))
        assert_agrees(engine.fetch(result), expected(row, arguments), row, wanted_dtype(row, dtype, arguments), name)


@pytest.mark.parametrize("known", ["lengths", "ranks", "nothing"])
@pytest.mark.parametrize(("row", "dtype"), EACH)
def test_recorded(engine: Engine, row: Row, dtype: str, known: str) -> None:
    for name, arguments in drawn(row, dtype):
        inputs: list[Any] = []
        fed: list[np.ndarray[Any, Any]] = []

        def placeholder(array: np.ndarray[Any, Any], inputs: Any = inputs, fed: Any = fed) -> Any:
            shape = {"lengths": array.shape, "ranks": (None,) * array.ndim, "nothing": None}[known]
            inputs.append(engine.graph.placeholder(shape, None, dtype_name(array.dtype), False, None))
            fed.append(array)
            return inputs[-1]

        given = complete(row.op, arrays(arguments, placeholder))
        symbol = engine.symbolic(engine.find(CATALOGUE[row.op]))(**given)
        (result,) = engine.graph.function(inputs, [symbol], None, None)(fed)
        wanted = expected(row, arguments)
        assert_agrees(engine.fetch(result), wanted, row, wanted_dtype(row, dtype, arguments), name)
        assert_holds(engine.spec(symbol), wanted_dtype(row, dtype, arguments), wanted.shape, name)


@pytest.mark.parametrize("dtype", NUMBERS)
@pytest.mark.parametrize("row", [pytest.param(row, id=f"{row.op}-{i}") for i, row in PRESENT])
def test_what_a_rule_lets_through_is_computed(engine: Engine, row: Row, dtype: str) -> None:
    one = row.cases[0]
    arguments = arrays(draw(one.arguments, "float32", one.name), of_dtype(dtype, ("int32", "int64", "uint8")))
    try:
        said = CATALOGUE[row.op].infer(arguments, spec_of)
    except InvalidType:
        return
    result = engine.find(CATALOGUE[row.op])(**complete(row.op, arrays(arguments, engine.tensor)))
    if said is not None:
        assert engine.spec(result) == said


def assert_holds(spec: Spec, dtype: str, shape: tuple[int, ...], place: str) -> None:
    """What was said of a symbol is true of its value."""
    assert spec.dtype == dtype, place
    if spec.shape is not None:
        assert len(spec.shape) == len(shape), place
        assert all(n is None or n == m for n, m in zip(spec.shape, shape, strict=True)), place


@pytest.mark.parametrize(("dtype", "wanted"), [("int32", 0), ("complex64", 0), ("float32", np.nan)])
def test_the_mean_of_nothing(engine: Engine, dtype: str, wanted: float) -> None:
    mean = engine.find(CATALOGUE["mean"])(x=np.zeros((0, 2), dtype), axis=0, keepdims=False, floatx="float32")
    np.testing.assert_array_equal(mean, np.full(2, wanted, dtype))


def test_nothing_may_be_divided_by_0(engine: Engine) -> None:
    nothing, zeros = np.zeros((0, 3), "int32"), np.zeros(3, "int32")
    assert engine.find(CATALOGUE["operator.floordiv"])(x=nothing, y=zeros).shape == (0, 3)
    with pytest.raises(InvalidValue, match="other than 0 to divide by"):
        engine.find(CATALOGUE["operator.mod"])(x=zeros, y=zeros)


@pytest.mark.parametrize("dtype", ["float32", "float16", "bool"])
def test_the_dtype_of_a_tensor_whose_lengths_only_a_call_says(engine: Engine, dtype: str) -> None:
    length = engine.graph.placeholder((), None, "int64", False, None)
    lengths = engine.graph.placeholder((2,), None, "int64", False, None)
    for shape in ((length, 3), lengths):
        assert engine.spec(engine.find(CATALOGUE["zeros"])(shape=shape, dtype=dtype, name=None)).dtype == dtype
        filled = engine.find(CATALOGUE["constant"])(value=1, shape=shape, dtype=dtype, name=None)
        assert engine.spec(filled).dtype == dtype
    assert engine.spec(engine.find(CATALOGUE["arange"])(start=length, stop=None, step=1, dtype=dtype)).dtype == dtype


def test_lengths_that_only_a_call_says_are_bounded(engine: Engine) -> None:
    length = engine.graph.placeholder((), None, "int64", False, None)
    zeros = engine.find(CATALOGUE["zeros"])(shape=(length, length), dtype="float32", name=None)
    function = engine.graph.function([length], [zeros], None, None)
    assert function([3])[0].shape == (3, 3)
    with pytest.raises(InvalidValue, match="at most 1073741824 elements"):
        function([2**31])
