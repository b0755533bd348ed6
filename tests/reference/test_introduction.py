"""Section 2: the page's introductory use of K (statements 17 to 23)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from .statements import statement


@statement(17)
def test_the_backend_is_imported_as_K(K: Any) -> None:
    from kremote import backend

    assert backend is K


@statement(18)
@pytest.mark.parametrize(
    ("arguments", "shape"),
    [
        ({"shape": (2, 4, 5)}, (2, 4, 5)),
        ({"shape": (None, 4, 5)}, (None, 4, 5)),
        ({"ndim": 3}, (None, None, None)),
    ],
)
def test_placeholders(K: Any, arguments: dict[str, Any], shape: tuple[int | None, ...]) -> None:
    made = K.placeholder(**arguments)
    assert K.is_placeholder(made)
    assert K.int_shape(made) == shape
    fed = np.arange(40.0).reshape(2, 4, 5)
    np.testing.assert_array_equal(K.function([made], [made])([fed])[0], fed)


@statement(19)
def test_a_variable_of_an_array(K: Any) -> None:
    value = np.random.default_rng(19).random((3, 4, 5))
    made = K.variable(value=value)
    assert K.is_variable(made)
    np.testing.assert_array_equal(K.eval(made), value.astype("float32"))


@statement(19)
@pytest.mark.parametrize(("name", "element"), [("zeros", 0.0), ("ones", 1.0)])
def test_a_variable_of_zeros_or_ones(K: Any, name: str, element: float) -> None:
    made = getattr(K, name)(shape=(3, 4, 5))
    assert K.is_variable(made)
    np.testing.assert_array_equal(K.eval(made), np.full((3, 4, 5), element, "float32"), strict=True)


@statement(20)
def test_a_uniform_variable(K: Any) -> None:
    value = K.eval(K.random_uniform_variable(shape=(3, 4), low=0, high=1))
    assert value.shape == (3, 4)
    assert ((value >= 0) & (value < 1)).all()
    assert len(np.unique(value)) > 1


@statement(20)
def test_a_gaussian_variable(K: Any) -> None:
    value = K.eval(K.random_normal_variable(shape=(3, 4), mean=0, scale=1))
    assert value.shape == (3, 4)
    assert len(np.unique(value)) > 1
    many = K.eval(K.random_normal_variable(shape=(20000,), mean=0, scale=1, seed=20))
    within = [np.mean(np.abs(many) < limit) for limit in (1, 2)]
    np.testing.assert_allclose(within, [0.683, 0.954], atol=0.02)


@statement(21)
def test_arithmetic(K: Any) -> None:
    b, c, d = (np.random.default_rng(seed).normal(size=(3, 4)).astype("float32") for seed in (1, 2, 3))
    a = K.variable(b) + K.variable(c) * K.abs(K.variable(d))
    assert K.int_shape(a) == (3, 4)
    np.testing.assert_allclose(K.eval(a), b + c * np.abs(d), rtol=1e-6)


@statement(21)
def test_arithmetic_of_symbols(K: Any) -> None:
    b, c = K.placeholder(shape=(3, 4)), K.placeholder(shape=(3, 4))
    a = b + c * K.abs(b)
    assert K.int_shape(a) == (3, 4)
    fed = [np.full((3, 4), -2.0, "float32"), np.full((3, 4), 3.0, "float32")]
    np.testing.assert_array_equal(K.function([b, c], [a])(fed)[0], np.full((3, 4), 4.0))


@statement(22)
def test_dot_sum_and_softmax(K: Any) -> None:
    a, b = (np.random.default_rng(seed).normal(size=(3, 4)).astype("float32") for seed in (1, 2))
    c = K.dot(K.variable(a), K.transpose(K.variable(b)))
    total, soft = K.sum(K.variable(b), axis=1), K.softmax(K.variable(b))
    assert (K.int_shape(c), K.int_shape(total), K.int_shape(soft)) == ((3, 3), (3,), (3, 4))
    np.testing.assert_allclose(K.eval(c), a @ b.T, rtol=1e-5)
    np.testing.assert_allclose(K.eval(total), b.sum(axis=1), rtol=1e-5)
    exponentials = np.exp(b)
    np.testing.assert_allclose(K.eval(soft), exponentials / exponentials.sum(axis=1, keepdims=True), rtol=1e-5)


@statement(23)
def test_concatenate(K: Any) -> None:
    b, c = np.ones((3, 4), "float32"), np.zeros((3, 3), "float32")
    joined = K.concatenate([K.variable(b), K.variable(c)], axis=-1)
    assert K.int_shape(joined) == (3, 7)
    np.testing.assert_array_equal(K.eval(joined), np.concatenate([b, c], axis=-1))
