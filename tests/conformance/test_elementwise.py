"""Functions of each element and comparisons: special numbers, host values, further dtypes and sparse tensors."""

from __future__ import annotations

import operator
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import scipy.sparse

NAN, INFINITY = np.nan, np.inf


@pytest.mark.parametrize(
    ("name", "given", "wanted"),
    [
        ("round", [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5], [-2, -2, 0, 0, 2, 2]),
        ("round", [NAN, INFINITY], [NAN, INFINITY]),
        ("sqrt", [-4.0, -INFINITY, 9.0, INFINITY, NAN], [0, 0, 3, INFINITY, NAN]),
        ("sign", [-INFINITY, -0.5, 0.0, NAN], [-1, -1, 0, NAN]),
        ("abs", [-INFINITY, NAN], [INFINITY, NAN]),
        ("log", [0.0, -1.0], [-INFINITY, NAN]),
    ],
)
def test_special_numbers(K: ModuleType, name: str, given: list[float], wanted: list[float]) -> None:
    np.testing.assert_array_equal(K.eval(getattr(K, name)(given)), np.array(wanted, "float32"))


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
@pytest.mark.parametrize("name", ["abs", "square", "exp", "log", "sin", "cos", "sign"])
def test_complex(K: ModuleType, name: str, dtype: str) -> None:
    x = np.array([1 + 2j, -0.5j, 3], dtype)
    got = K.eval(getattr(K, name)(x))
    wanted = getattr(np, name)(x)
    assert got.dtype == wanted.dtype
    np.testing.assert_allclose(got, wanted, rtol=1e-5)


@pytest.mark.parametrize("name", ["abs", "square", "sin", "sign"])
def test_sparse_stays_sparse(K: ModuleType, name: str) -> None:
    dense = np.array([[0, -2, 0], [1, 0, 3]], "float32")
    x = K.variable(scipy.sparse.coo_matrix(dense))
    symbol = K.placeholder((None, 3), sparse=True)
    for result in (getattr(K, name)(x), getattr(K, name)(symbol)):
        assert K.is_sparse(result)
        assert result.dtype == "float32"
    np.testing.assert_allclose(K.eval(K.to_dense(getattr(K, name)(x))), getattr(np, name)(dense), rtol=1e-6)
    function = K.function([symbol], [K.to_dense(getattr(K, name)(symbol))])
    np.testing.assert_allclose(function([scipy.sparse.csr_matrix(dense)])[0], getattr(np, name)(dense), rtol=1e-6)


@pytest.mark.parametrize("name", ["cos", "round", "sqrt", "exp", "log"])
def test_other_functions_ask_for_dense_tensors(K: ModuleType, name: str) -> None:
    with pytest.raises(TypeError, match="to be dense; got a sparse"):
        K.eval(getattr(K, name)(K.variable(scipy.sparse.eye(2))))


@pytest.mark.parametrize("name", ["maximum", "minimum", "pow", "less", "greater_equal", "not_equal", "clip"])
def test_two_host_values(K: ModuleType, name: str) -> None:
    arguments: tuple[Any, ...] = ([1, 5, 3], 2, 4) if name == "clip" else ([1, 5, 3], [2, 2, 3])
    reference = {"pow": "power"}.get(name, name)
    np.testing.assert_array_equal(K.eval(getattr(K, name)(*arguments)), getattr(np, reference)(*arguments))


def test_nan_is_not_equal_to_itself(K: ModuleType) -> None:
    x = K.variable([NAN, 1.0])
    assert K.eval(K.not_equal(x, x)).tolist() == [True, False]
    assert K.eval(K.maximum(x, 0.0)).tolist()[1] == 1
    assert np.isnan(K.eval(K.maximum(x, 0.0))[0])


@pytest.mark.parametrize("dtype", ["complex64", "string"])
def test_equality_of_any_dtype(K: ModuleType, dtype: str) -> None:
    x = np.array(["a", "b"]) if dtype == "string" else np.array([1j, 2], dtype)
    assert K.eval(K.not_equal(K.constant(x, dtype=dtype), x[::-1])).tolist() == [True, True]
    assert K.eval(K.equal(K.constant(x, dtype=dtype), x)).tolist() == [True, True]


def test_negative_powers_of_integers_are_refused(K: ModuleType) -> None:
    with pytest.raises(ValueError, match="negative integer powers"):
        K.eval(K.pow(K.constant([2, 3], dtype="int32"), -1))


def test_an_open_bound_of_integers_is_refused(K: ModuleType) -> None:
    x = K.constant([1, 2], dtype="int32")
    for bounds in ((None, 1), (0, None)):
        with pytest.raises(TypeError, match="expected two bounds for int32"):
            K.eval(K.clip(x, *bounds))


def test_a_bound_that_turns_out_longer_than_x_is_refused(K: ModuleType) -> None:
    x, bound = K.placeholder((1,)), K.placeholder((None,))
    clipped = K.clip(x, bound, 2.0)
    assert clipped.shape == (1,)
    function = K.function([x, bound], [clipped])
    assert function([[1.0], [1.5]])[0].tolist() == [1.5]
    with pytest.raises(ValueError, match=r"\[1\]|shape"):
        function([[1.0], [1.5, 1.0]])


def test_a_fraction_beside_symbols_of_integers_is_refused_at_the_call(K: ModuleType) -> None:
    x = K.placeholder((2,), dtype="int32")
    calls = ((K.maximum, x, 0.5), (operator.add, x, 0.5), (K.less, 0.5, x), (K.clip, x, 0, 0.5))
    for function, *arguments in calls:
        with pytest.raises(TypeError, match=r"expected numbers that int32 holds; got 0\.5"):
            function(*arguments)


def test_listed_fractions_for_integers_are_refused_at_the_call(K: ModuleType) -> None:
    x = K.variable([1, 2], dtype="int32")
    for function in (K.update, K.update_add, K.maximum):
        with pytest.raises(TypeError, match="expected numbers that int32 holds"):
            function(x, [0.5, 1.5])
    assert K.eval(x).tolist() == [1, 2]


def test_arrays_that_meet_without_a_handle_are_of_the_dtype_of_the_first(K: ModuleType) -> None:
    single, double = np.array([1.0, 2.0], "float32"), np.array([1.5, 0.5])
    assert K.maximum(single, double).dtype == "float32"
    assert K.maximum(double, single).dtype == "float64"
    assert K.eval(K.less(np.array([1, 2], "int64"), np.array([2, 2], "int8"))).tolist() == [True, False]
    assert K.dot(np.ones((2, 3), "float32"), np.ones((3, 2))).dtype == "float32"
    with pytest.raises(TypeError, match="expected an array whose numbers can become int64"):
        K.maximum(np.array([1, 2], "int64"), double)


def test_a_concrete_tensor_is_its_value_where_a_number_is_wanted(K: ModuleType) -> None:
    x = K.variable([[1.0, 2.0], [3.0, 4.0]])
    assert K.eval(K.sum(x, axis=K.constant(1, dtype="int32"))).tolist() == [3, 7]
    assert float(K.eval(K.sum(x, axis=K.constant([0, 1], dtype="int32")))) == 10
    assert K.eval(K.cumsum(x, axis=K.constant(1, dtype="int32"))).tolist() == [[1, 3], [3, 7]]
    with pytest.raises(TypeError, match="expected an axis"):
        K.sum(x, axis=K.placeholder((), dtype="int32"))
    assert float(K.eval(K.sum(x, keepdims=None))) == 10
    assert float(K.eval(K.sum(x, axis=range(2)))) == 10
    assert K.cast(x, float).dtype == "float32"
