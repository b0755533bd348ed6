"""Section 6: creation (statements 62 to 71)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from .statements import statement

FILLED = [("zeros", 0.0), ("ones", 1.0)]
MANY = (200, 100)


@statement(62, 63)
@pytest.mark.parametrize(("name", "element"), FILLED)
def test_zeros_and_ones_are_variables(K: Any, name: str, element: float) -> None:
    kvar = getattr(K, name)((3, 4))
    assert K.is_variable(kvar)
    assert kvar._keras_shape == (3, 4)
    np.testing.assert_array_equal(K.eval(kvar), np.full((3, 4), element, "float32"), strict=True)


@statement(62, 63)
@pytest.mark.parametrize(("name", "element"), FILLED)
def test_zeros_and_ones_have_the_dtype_and_name_they_are_given(K: Any, name: str, element: float) -> None:
    kvar = getattr(K, name)((2,), dtype="int32", name="filled")
    assert kvar.name == "filled"
    np.testing.assert_array_equal(K.eval(kvar), np.full(2, element, "int32"), strict=True)


@statement(62, 63)
@pytest.mark.parametrize(("name", "element"), FILLED)
def test_a_symbolic_shape_gives_a_tensor_of_the_shape_fed(K: Any, name: str, element: float) -> None:
    inputs = K.placeholder(shape=(None, 3))
    made = getattr(K, name)(K.shape(inputs))
    assert not K.is_variable(made)
    assert made.symbolic
    fill = K.function([inputs], [made])
    for samples in (1, 4):
        np.testing.assert_array_equal(
            fill([np.full((samples, 3), 7.0)])[0], np.full((samples, 3), element, "float32"), strict=True
        )


@statement(62, 63)
@pytest.mark.parametrize(("name", "element"), FILLED)
def test_a_shape_may_have_a_symbol_in_it(K: Any, name: str, element: float) -> None:
    inputs = K.placeholder(shape=(None, 3))
    made = getattr(K, name)((K.shape(inputs)[0], 2))
    np.testing.assert_array_equal(K.function([inputs], [made])([np.ones((4, 3))])[0], np.full((4, 2), element))


@statement(64)
@pytest.mark.parametrize(
    ("size", "expected"),
    [(3, np.eye(3)), ((2, 3), np.eye(2, 3)), ((3, 2), np.eye(3, 2)), (1, np.eye(1))],
)
def test_eye_is_a_variable(K: Any, size: Any, expected: Any) -> None:
    kvar = K.eye(size)
    assert K.is_variable(kvar)
    np.testing.assert_array_equal(K.eval(kvar), expected.astype("float32"), strict=True)


@statement(64)
def test_eye_has_the_dtype_and_name_it_is_given(K: Any) -> None:
    kvar = K.eye(2, dtype="float64", name="identity")
    assert (K.dtype(kvar), kvar.name) == ("float64", "identity")


LIKE = [("zeros_like", 0.0), ("ones_like", 1.0)]


@statement(65, 66)
@pytest.mark.parametrize(("name", "element"), LIKE)
def test_zeros_and_ones_like_a_variable(K: Any, name: str, element: float) -> None:
    made = getattr(K, name)(K.variable(np.random.default_rng(65).random((2, 3))))
    assert K.is_tensor(made)
    assert not K.is_variable(made), "section 11: a tensor"
    np.testing.assert_array_equal(K.eval(made), np.full((2, 3), element, "float32"), strict=True)


@statement(65, 66)
@pytest.mark.parametrize("dtype", ["float16", "float64", "int32", "bool"])
@pytest.mark.parametrize(("name", "element"), LIKE)
def test_zeros_and_ones_like_have_the_dtype_of_x(K: Any, name: str, element: float, dtype: str) -> None:
    made = getattr(K, name)(K.constant(np.array([[1, 0]]), dtype=dtype))
    np.testing.assert_array_equal(K.eval(made), np.full((1, 2), element, dtype), strict=True)


@statement(65, 66)
@pytest.mark.parametrize(("name", "element"), LIKE)
def test_zeros_and_ones_like_have_the_dtype_they_are_given(K: Any, name: str, element: float) -> None:
    made = getattr(K, name)(K.variable([[1.0, 2.0]]), dtype="int32", name="like")
    np.testing.assert_array_equal(K.eval(made), np.full((1, 2), element, "int32"), strict=True)


@statement(65, 66)
@pytest.mark.parametrize(("name", "element"), LIKE)
def test_zeros_and_ones_like_what_is_fed(K: Any, name: str, element: float) -> None:
    inputs = K.placeholder(shape=(None, 2))
    fill = K.function([inputs], [getattr(K, name)(inputs)])
    np.testing.assert_array_equal(fill([np.full((3, 2), 7.0)])[0], np.full((3, 2), element))


@statement(67)
@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "bool"])
def test_identity(K: Any, dtype: str) -> None:
    value = np.array([[1, 0], [1, 1]], dtype)
    made = K.identity(K.constant(value, dtype=dtype), name="same")
    np.testing.assert_array_equal(K.eval(made), value, strict=True)


@statement(67)
def test_identity_of_a_variable_is_its_value_then(K: Any) -> None:
    kvar = K.variable([1.0])
    made = K.identity(kvar)
    K.update(kvar, K.constant([2.0]))
    assert not K.is_variable(made)
    np.testing.assert_array_equal(K.eval(made), [1.0])


@statement(68)
def test_random_uniform_variable(K: Any) -> None:
    kvar = K.random_uniform_variable(MANY, -2.0, 4.0, dtype="float64", name="uniform", seed=68)
    assert K.is_variable(kvar)
    assert (K.int_shape(kvar), K.dtype(kvar), kvar.name) == (MANY, "float64", "uniform")
    value = K.eval(kvar)
    assert value.min() >= -2.0
    assert value.max() < 4.0
    shares = np.histogram(value, bins=6, range=(-2, 4))[0] / value.size
    np.testing.assert_allclose(shares, [1 / 6] * 6, atol=0.02)


@statement(69)
def test_random_normal_variable(K: Any) -> None:
    kvar = K.random_normal_variable(MANY, 3.0, 2.0, dtype="float64", name="normal", seed=69)
    assert K.is_variable(kvar)
    assert (K.int_shape(kvar), K.dtype(kvar), kvar.name) == (MANY, "float64", "normal")
    standard = (K.eval(kvar) - 3.0) / 2.0
    moments = [standard.mean(), standard.std(), (standard**3).mean(), (standard**4).mean()]
    np.testing.assert_allclose(moments, [0, 1, 0, 3], atol=0.15)


RANDOM = ["random_uniform_variable", "random_normal_variable"]


@statement(68, 69)
@pytest.mark.parametrize("name", RANDOM)
def test_random_variables_are_of_floatx(K: Any, name: str) -> None:
    value = K.eval(getattr(K, name)((2, 3), 0, 1))
    assert (value.shape, value.dtype) == ((2, 3), np.dtype("float32"))


@statement(68, 69)
@pytest.mark.parametrize("name", RANDOM)
def test_a_seed_says_which_samples(K: Any, name: str) -> None:
    def samples(seed: int | None) -> Any:
        return K.eval(getattr(K, name)((5, 5), 0, 1, seed=seed))

    np.testing.assert_array_equal(samples(1), samples(1))
    assert (samples(1) != samples(2)).any()
    assert (samples(None) != samples(None)).any()


@statement(70)
def test_count_params(K: Any) -> None:
    assert K.count_params(K.zeros((2, 3))) == 6
    assert isinstance(K.count_params(K.zeros((2, 3))), int | np.integer)
    assert K.count_params(K.placeholder(shape=(2, 4, 5))) == 40
    assert K.count_params(K.constant(1.0)) == 1
    with pytest.raises(TypeError, match="static shape"):
        K.count_params(K.placeholder((None, 2)))
    with pytest.raises(ValueError, match="known rank"):
        K.count_params(K.placeholder())


@statement(71)
def test_cast_is_not_in_place(K: Any) -> None:
    inputs = K.placeholder((2, 3), dtype="float32")
    assert K.dtype(K.cast(inputs, dtype="float16")) == "float16"
    assert K.dtype(inputs) == "float32"
    inputs = K.cast(inputs, dtype="float16")
    assert K.dtype(inputs) == "float16"


@statement(71)
def test_cast_of_a_variable_is_a_tensor(K: Any) -> None:
    kvar = K.variable([1.5, 2.5])
    made = K.cast(kvar, "float64")
    assert not K.is_variable(made)
    np.testing.assert_array_equal(K.eval(made), np.array([1.5, 2.5], "float64"), strict=True)
    assert K.dtype(kvar) == "float32"


@statement(71)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32", "int64", "uint8", "bool"])
def test_cast_agrees_with_numpy(K: Any, dtype: str) -> None:
    value = np.array([0.0, 1.0, 2.7], "float32")
    np.testing.assert_array_equal(K.eval(K.cast(K.variable(value), dtype)), value.astype(dtype), strict=True)
