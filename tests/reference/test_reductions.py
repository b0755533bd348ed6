"""Section 9: reductions and cumulative operations (statements 86 to 93)."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from . import numpy_forms
from .statements import statement

REDUCTIONS = ["max", "min", "sum", "prod", "var"]
AXES = [None, 0, 1, 2, -1, -3, [0, 1], [0, 2], [-1, 0], [0, 1, 2]]
X = np.random.default_rng(9).normal(size=(2, 3, 4))


@statement(86, 87, 88, 89, 90, 93)
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", AXES, ids=str)
@pytest.mark.parametrize("name", REDUCTIONS)
def test_a_reduction(K: Any, name: str, axis: Any, keepdims: bool) -> None:
    """The rank falls by the number of axes, or stays: section 11 on "reduced by 1"."""
    for dtype, tolerance in (("float32", 1e-4), ("float64", 1e-12)):
        x = X.astype(dtype)
        reduced = getattr(K, name)(K.variable(x, dtype=dtype), axis=axis, keepdims=keepdims)
        expected = getattr(numpy_forms, name)(x, axis=axis, keepdims=keepdims)
        count = 3 if axis is None else len(np.atleast_1d(axis))
        assert K.ndim(reduced) == (3 if keepdims else 3 - count)
        assert (K.int_shape(reduced), K.dtype(reduced)) == (expected.shape, dtype)
        np.testing.assert_allclose(K.eval(reduced), expected, rtol=tolerance)


@statement(86, 87, 88, 89, 90)
@pytest.mark.parametrize("name", REDUCTIONS)
def test_a_reduction_has_the_pages_signature(K: Any, name: str) -> None:
    parameters = inspect.signature(getattr(K, name)).parameters.values()
    assert [(p.name, p.default) for p in parameters] == [
        ("x", inspect.Parameter.empty),
        ("axis", None),
        ("keepdims", False),
    ]


@statement(86, 87, 88, 89, 90)
@pytest.mark.parametrize("axis", [3, -4, [0, 3]], ids=str)
@pytest.mark.parametrize("name", REDUCTIONS)
def test_an_axis_outside_the_rank_is_refused(K: Any, name: str, axis: Any) -> None:
    with pytest.raises(ValueError, match="ax"):
        K.eval(getattr(K, name)(K.variable(X), axis=axis))


@statement(86, 87, 88, 89, 90, 93)
@pytest.mark.parametrize("name", REDUCTIONS)
def test_a_reduction_of_what_is_fed(K: Any, name: str) -> None:
    x = K.placeholder(shape=(None, 3, 4))
    reduce, form = getattr(K, name), getattr(numpy_forms, name)
    over_samples, kept = reduce(x, axis=0), reduce(x, axis=[1, 2], keepdims=True)
    assert (K.int_shape(over_samples), K.int_shape(kept)) == ((3, 4), (None, 1, 1))
    got = K.function([x], [over_samples, kept])([X])
    np.testing.assert_allclose(got[0], form(X.astype("float32"), axis=0), rtol=1e-4)
    np.testing.assert_allclose(got[1], form(X.astype("float32"), axis=[1, 2], keepdims=True), rtol=1e-4)


@statement(86, 87, 88, 89)
@pytest.mark.parametrize("name", ["max", "min", "sum", "prod"])
def test_a_reduction_of_integers(K: Any, name: str) -> None:
    x = np.array([[1, -2, 3], [4, 5, -6]], "int32")
    reduced = getattr(K, name)(K.constant(x, dtype="int32"), axis=1)
    np.testing.assert_array_equal(K.eval(reduced), getattr(numpy_forms, name)(x, axis=1).astype("int32"), strict=True)


CUMULATIVE = ["cumsum", "cumprod"]


@statement(91, 92)
@pytest.mark.parametrize("axis", [0, 1, 2, -1, -3])
@pytest.mark.parametrize("name", CUMULATIVE)
def test_a_cumulative_operation(K: Any, name: str, axis: int) -> None:
    made = getattr(K, name)(K.variable(X, dtype="float64"), axis=axis)
    assert K.int_shape(made) == X.shape
    np.testing.assert_allclose(K.eval(made), getattr(numpy_forms, name)(X, axis=axis), rtol=1e-12)


@statement(91, 92)
@pytest.mark.parametrize("name", CUMULATIVE)
def test_a_cumulative_operation_runs_along_axis_0_by_default(K: Any, name: str) -> None:
    made = getattr(K, name)(K.variable(X, dtype="float64"))
    np.testing.assert_allclose(K.eval(made), getattr(np, name)(X, axis=0), rtol=1e-12)


@statement(91, 92)
@pytest.mark.parametrize("name", CUMULATIVE)
def test_a_cumulative_operation_refuses_an_axis_outside_the_rank(K: Any, name: str) -> None:
    with pytest.raises(ValueError, match="ax"):
        K.eval(getattr(K, name)(K.variable(X), axis=3))
