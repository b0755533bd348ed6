"""Every op's numbers, through K against a real server: eager, through `K.function`, and as tf_keras has them."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from .calling import arrays, assert_agrees, call, complete, expected, implementation
from .rows import ROWS, Row, draw

NUMBERED = [(f"{row.op}-{dtype}-{i}", row, dtype) for i, row in enumerate(ROWS) for dtype in row.dtypes]
EACH = [pytest.param(row, dtype, id=name) for name, row, dtype in NUMBERED]
IN_KERAS = [
    pytest.param(row, dtype, id=name)
    for name, row, dtype in NUMBERED
    if row.keras and not row.op.startswith("operator.")
]


def drawn(row: Row, dtype: str) -> list[tuple[str, dict[str, Any]]]:
    """The name of each case, and its arguments with arrays."""
    return [(one.name, draw(one.arguments, dtype, f"{row.op} {one.name}")) for one in row.cases]


def wanted_dtype(row: Row, dtype: str, arguments: dict[str, Any]) -> str:
    """The result's dtype: an argument's, where the op has one, else the row's answer."""
    return str(arguments.get("dtype") or row.result_dtype(dtype))


@pytest.mark.parametrize(("row", "dtype"), EACH)
def test_eager(K: ModuleType, row: Row, dtype: str) -> None:
    for name, arguments in drawn(row, dtype):
        given = arrays(arguments, lambda array: K.constant(array, dtype=array.dtype))
        result = call(K, row.op, given)
        wanted = expected(row, arguments)
        assert_agrees(K.eval(result), wanted, row, wanted_dtype(row, dtype, arguments), name)
        assert (result.dtype, result.shape) == (wanted_dtype(row, dtype, arguments), wanted.shape), name


@pytest.mark.parametrize("leading", ["known", "unknown"])
@pytest.mark.parametrize(("row", "dtype"), EACH)
def test_through_a_function(K: ModuleType, row: Row, dtype: str, leading: str) -> None:
    cases = drawn(row, dtype)
    inputs: list[Any] = []
    fed: list[Any] = []

    def placeholder(array: np.ndarray[Any, Any]) -> Any:
        unknown = leading == "unknown" and array.ndim > 0
        inputs.append(K.placeholder((None, *array.shape[1:]) if unknown else array.shape, dtype=array.dtype))
        fed.append(array)
        return inputs[-1]

    outputs = [call(K, row.op, arrays(arguments, placeholder)) for _, arguments in cases]
    results = K.function(inputs, outputs)(fed)
    for (name, arguments), symbol, result in zip(cases, outputs, results, strict=True):
        wanted = expected(row, arguments)
        assert_agrees(result, wanted, row, wanted_dtype(row, dtype, arguments), name)
        assert symbol.shape is None or len(symbol.shape) == wanted.ndim, name
        known = symbol.shape or ()
        assert all(n is None or n == m for n, m in zip(known, wanted.shape, strict=False)), name


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("row", "dtype"), IN_KERAS)
def test_as_tf_keras(row: Row, dtype: str) -> None:
    import tensorflow as tf
    from tf_keras import backend as keras

    function = getattr(keras, row.op)
    for name, arguments in drawn(row, dtype):
        given = arrays(arguments, tf.constant)
        ours = implementation(row.op)(**complete(row.op, given)).numpy()
        theirs = np.asarray(function(**given))
        assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape), name
        tolerance = 1e-5 if ours.dtype == np.float32 else 1e-7  # leaky_relu of tf_keras rounds alpha to float32
        np.testing.assert_allclose(ours.astype("float64"), theirs.astype("float64"), tolerance, tolerance, err_msg=name)
