"""Ranges and one-hot rows whose bounds are tensors, and what becomes of numbers, lists and arrays of other dtypes."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest


def scalar(K: ModuleType, value: Any, dtype: str) -> Any:
    return K.constant(value, dtype=dtype)


@pytest.mark.parametrize(
    ("bounds", "dtype", "wanted"),
    [
        ((("int32", 5),), "int32", [0, 1, 2, 3, 4]),
        ((("int32", -5),), "int32", []),
        ((("int64", 3),), "int64", [0, 1, 2]),
        ((("float64", 2.5),), "float64", [0, 1, 2]),
        ((("float16", 2.5),), "float16", [0, 1, 2]),
        ((("bfloat16", 2.5),), "bfloat16", [0, 1, 2]),
        ((("float32", 5.5), 7), "float32", [5.5, 6.5]),
        ((0, ("int32", 5), 2), "int32", [0, 2, 4]),
        ((0, ("int32", 5), 2.5), "float32", [0, 2.5]),
        ((("int32", 1), ("int64", 4)), "int64", [1, 2, 3]),
        ((("float16", 2), 4.5), "float32", [2, 3, 4]),
        ((5, ("int32", 0), ("int32", -2)), "int32", [5, 3, 1]),
    ],
)
def test_ranges_of_tensors(K: ModuleType, bounds: Any, dtype: str, wanted: list[float]) -> None:
    concrete = [scalar(K, bound[1], bound[0]) if isinstance(bound, tuple) else bound for bound in bounds]
    result = K.arange(*concrete)
    assert (result.dtype, result.shape) == (dtype, (len(wanted),))
    assert np.asarray(K.eval(result), "float64").tolist() == wanted
    symbols = [K.placeholder((), dtype=bound[0]) if isinstance(bound, tuple) else bound for bound in bounds]
    made = K.arange(*symbols)
    assert (made.dtype, made.shape) == (dtype, (None,))
    fed = [bound[1] for bound in bounds if isinstance(bound, tuple)]
    function = K.function([symbol for symbol in symbols if K.is_tensor(symbol)], [made, K.cast(made, "float64")])
    assert function(fed)[1].tolist() == wanted


def test_a_range_of_numpy_numbers_has_their_dtype(K: ModuleType) -> None:
    assert K.arange(np.float64(3)).dtype == "float64"
    assert K.arange(np.int64(3)).dtype == "int64"
    assert K.eval(K.arange(np.array(3, "int32"), dtype="float32")).tolist() == [0, 1, 2]


def test_a_range_with_a_dtype_of_its_own(K: ModuleType) -> None:
    assert K.arange(K.constant(3, dtype="int64"), dtype="float32").dtype == "float32"
    assert K.arange(K.placeholder((), dtype="int64"), dtype="bool").dtype == "bool"


@pytest.mark.parametrize("bounds", [(2**40,), (-(2**62), 2**62), (0.0, 1e300, 1e-300), (0, 2**62, 3)])
def test_too_long_a_range_is_refused(K: ModuleType, bounds: Any) -> None:
    with pytest.raises(ValueError, match="expected"):
        K.eval(K.arange(*bounds))
    dtype = "float64" if isinstance(bounds[0], float) else "int64"
    with pytest.raises(ValueError, match="at most"):
        K.eval(K.arange(*(scalar(K, bound, dtype) for bound in bounds)))
    symbol = K.placeholder((), dtype=dtype)
    with pytest.raises(ValueError, match="at most"):
        K.function([symbol], [K.arange(symbol)])([2**62])


def test_a_step_of_0_or_away_is_refused_when_it_is_known(K: ModuleType) -> None:
    step = K.placeholder((), dtype="int32")
    function = K.function([step], [K.arange(0, 6, step)])
    assert function([4])[0].tolist() == [0, 4]
    for wrong in (0, -1):
        with pytest.raises(ValueError, match=r"delta|at most"):
            function([wrong])


def test_one_hot_of_as_many_classes_as_a_tensor_says(K: ModuleType) -> None:
    classes = K.constant(3, dtype="int32")
    rows = K.one_hot([0, 2], classes)
    assert (rows.dtype, rows.shape) == ("float32", (2, 3))
    assert K.eval(rows).tolist() == [[1, 0, 0], [0, 0, 1]]
    symbol = K.placeholder((), dtype="int32")
    indices = K.placeholder((None,), dtype="int64")
    made = K.one_hot(indices, symbol)
    assert (made.dtype, made.shape) == ("float32", (None, None))
    function = K.function([indices, symbol], [made])
    assert function([[1], 2])[0].tolist() == [[0, 1]]
    for wrong in (-1, 2**31 - 1):
        with pytest.raises(ValueError, match=r"negative|at most"):
            function([[1, 0], wrong])


@pytest.mark.parametrize("maker", ["variable", "constant"])
def test_lists_are_of_the_kind_of_the_dtype_and_arrays_are_cast(K: ModuleType, maker: str) -> None:
    make = getattr(K, maker)
    assert K.eval(make(np.array([1.7, -1.7]), dtype="int32")).tolist() == [1, -1]
    assert K.eval(make(np.array([1, 0]), dtype="bool")).tolist() == [True, False]
    assert K.eval(make([True, False])).tolist() == [1, 0]
    assert K.eval(make([True, False], dtype="int32")).tolist() == [1, 0]
    assert K.eval(make([1, 2], dtype="complex64")).tolist() == [1, 2]
    for value, dtype in (([1.7], "int32"), (1.5, "int8"), ([1, 0], "bool"), ([1], "string")):
        with pytest.raises(TypeError, match="expected"):
            K.eval(make(value, dtype=dtype))


@pytest.mark.parametrize("classes", [np.int64(3), np.array(3), np.int8(3)])
def test_one_hot_of_a_numpy_number_of_classes(K: ModuleType, classes: Any) -> None:
    rows = K.one_hot(K.placeholder((2,), dtype="int32"), classes)
    assert rows.shape == (2, 3)


def test_one_hot_of_nothing(K: ModuleType) -> None:
    rows = K.one_hot([], 3)
    assert (rows.dtype, rows.shape) == ("float32", (0, 3))
