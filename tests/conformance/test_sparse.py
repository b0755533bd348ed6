"""Sparse tensors: which ops take them, and what they give."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
import scipy.sparse

DENSE = np.array([[0, 2, 0], [1, 0, 3]])
OTHER = np.array([[1, 2], [3, 4], [5, 6]])


def sparse(K: ModuleType, dtype: str) -> Any:
    return K.variable(scipy.sparse.coo_matrix(DENSE.astype(dtype)), dtype=dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32"])
def test_eager(K: ModuleType, dtype: str) -> None:
    x = sparse(K, dtype)
    assert (x.shape, x.dtype) == ((2, 3), dtype)
    for result, wanted in (
        (K.to_dense(x), DENSE),
        (K.dot(x, K.constant(OTHER, dtype=dtype)), DENSE @ OTHER),
        (K.concatenate([x, K.constant(DENSE, dtype=dtype)], 0), np.concatenate([DENSE, DENSE], 0)),
        (K.shape(x), np.array([2, 3])),
        (K.size(x), np.array(6)),
        (K.identity(x), DENSE),
    ):
        value = K.eval(result)
        np.testing.assert_array_equal(value, wanted)
        assert value.dtype == ("int32" if wanted.ndim < 2 else dtype)


def test_what_stays_sparse(K: ModuleType) -> None:
    x = sparse(K, "float32")
    joined = K.concatenate([x, x], 1)
    assert K.is_sparse(joined)
    assert K.int_shape(joined) == (2, 6)
    np.testing.assert_array_equal(K.eval(K.to_dense(joined)), np.concatenate([DENSE, DENSE], 1))
    assert K.is_sparse(K.cast(x, "float64"))
    assert K.eval(K.to_dense(K.cast(x, "int32"))).dtype == "int32"


def test_entries_with_the_same_index_add_up(K: ModuleType) -> None:
    twice = scipy.sparse.coo_matrix(([1.0, 2.0], ([0, 0], [1, 1])), shape=(2, 2))
    x = K.variable(twice)
    np.testing.assert_array_equal(K.eval(K.to_dense(x)), [[0, 3], [0, 0]])
    np.testing.assert_array_equal(K.eval(K.dot(x, K.constant([[1.0], [1.0]], dtype="float64"))), [[3], [0]])


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32"])
def test_without_a_dtype_a_sparse_value_keeps_its_own(K: ModuleType, dtype: str) -> None:
    assert K.variable(scipy.sparse.csr_matrix(DENSE.astype(dtype))).dtype == dtype
    assert K.variable(scipy.sparse.csr_matrix(DENSE.astype(dtype)), dtype="float64").dtype == "float64"


@pytest.mark.parametrize("shape", [(2, 3), (None, 3)])
def test_through_a_function(K: ModuleType, shape: Any) -> None:
    x, y = K.placeholder(shape, sparse=True), K.placeholder((3, 2))
    assert K.is_sparse(x)
    function = K.function([x, y], [K.dot(x, y), K.to_dense(x)])
    product, dense = function([scipy.sparse.csr_matrix(DENSE.astype("float32")), OTHER])
    np.testing.assert_array_equal(product, DENSE @ OTHER)
    np.testing.assert_array_equal(dense, DENSE)


def test_gradient_past_a_sparse_product(K: ModuleType) -> None:
    x, w = sparse(K, "float32"), K.placeholder((3, 2))
    (slope,) = K.gradients(K.sum(K.dot(x, w)), [w])
    np.testing.assert_array_equal(K.function([w], [slope])([OTHER])[0], DENSE.sum(0)[:, None] * np.ones(2))


@pytest.mark.parametrize("name", ["sum", "exp", "transpose", "softmax", "zeros_like", "relu", "argmax"])
def test_other_ops_ask_for_a_dense_tensor(K: ModuleType, name: str) -> None:
    with pytest.raises(TypeError, match=r"to be dense; got a sparse float32\[2, 3\]"):
        K.eval(getattr(K, name)(sparse(K, "float32")))
