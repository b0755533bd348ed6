"""Section 5: introspection and evaluation (statements 55 to 61)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from .statements import statement


@statement(55)
def test_shape_of_a_variable(K: Any) -> None:
    made = K.shape(K.variable(np.array([[1, 2], [3, 4]])))
    assert (K.int_shape(made), K.dtype(made)) == ((2,), "int32")
    np.testing.assert_array_equal(K.eval(made), np.array([2, 2], "int32"), strict=True)


@statement(55)
def test_shape_of_a_placeholder_is_known_without_feeding_it(K: Any) -> None:
    made = K.shape(K.placeholder(shape=(2, 4, 5)))
    assert (K.int_shape(made), K.dtype(made)) == ((3,), "int32")
    np.testing.assert_array_equal(K.eval(made), np.array([2, 4, 5], "int32"), strict=True)


@statement(55)
def test_shape_of_what_is_fed(K: Any) -> None:
    inputs = K.placeholder(shape=(None, 4, None))
    shape_of = K.function([inputs], [K.shape(inputs)])
    for fed in (np.ones((2, 4, 5)), np.ones((7, 4, 0))):
        np.testing.assert_array_equal(shape_of([fed])[0], np.array(fed.shape, "int32"), strict=True)


@statement(56)
def test_int_shape(K: Any) -> None:
    assert K.int_shape(K.placeholder(shape=(2, 4, 5))) == (2, 4, 5)
    assert K.int_shape(K.variable([[1, 2], [3, 4]])) == (2, 2)
    assert K.int_shape(K.placeholder(shape=(None, 4))) == (None, 4)
    assert all(type(length) is int for length in K.int_shape(K.variable(np.ones((2, 3)))))


@statement(57)
def test_ndim(K: Any) -> None:
    made = K.ndim(K.placeholder(shape=(2, 4, 5)))
    assert (made, type(made)) == (3, int)
    assert K.ndim(K.variable([[1, 2], [3, 4]])) == 2
    assert K.ndim(K.constant(1.0)) == 0


@statement(58)
def test_size(K: Any) -> None:
    kvar = K.variable(value=np.array([[1, 2], [3, 4]]))
    made = K.size(kvar, name="count")
    assert K.is_tensor(made)
    assert K.int_shape(made) == ()
    assert K.eval(made) == 4
    assert K.eval(K.size(K.placeholder(shape=(2, 4, 5)))) == 40


@statement(58)
def test_size_of_what_is_fed(K: Any) -> None:
    inputs = K.placeholder(shape=(None, 3))
    assert K.function([inputs], [K.size(inputs)])([np.ones((4, 3))])[0] == 12


@statement(59)
def test_dtype_of_placeholders(K: Any) -> None:
    assert K.dtype(K.placeholder(shape=(2, 4, 5))) == "float32"
    assert K.dtype(K.placeholder(shape=(2, 4, 5), dtype="float32")) == "float32"
    assert K.dtype(K.placeholder(shape=(2, 4, 5), dtype="float64")) == "float64"


@statement(60)
def test_dtype_of_variables_has_no_suffix(K: Any) -> None:
    assert K.dtype(K.variable(np.array([[1, 2], [3, 4]]))) == "float32"
    assert K.dtype(K.variable(np.array([[1, 2], [3, 4]]), dtype="float32")) == "float32"


@statement(61)
def test_eval(K: Any) -> None:
    value = K.eval(K.variable(np.array([[1, 2], [3, 4]]), dtype="float32"))
    assert type(value) is np.ndarray
    np.testing.assert_array_equal(value, np.array([[1.0, 2.0], [3.0, 4.0]], "float32"), strict=True)


@statement(61)
def test_eval_of_what_depends_on_a_placeholder_is_refused(K: Any) -> None:
    with pytest.raises(ValueError, match="placeholder"):
        K.eval(K.placeholder(shape=(2,)) * 2)
