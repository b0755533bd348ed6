"""Section 8: linear algebra (statements 76 to 85)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from .statements import statement


def random(*shape: int, seed: int = 8) -> Any:
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


@statement(76, 77)
@pytest.mark.parametrize(
    ("x", "y"),
    [((2, 3), (3, 4)), ((32, 28, 3), (3, 4)), ((2, 3), (4, 3, 5)), ((2, 5, 3), (4, 3, 5)), ((1, 1), (1, 1))],
)
def test_dot(K: Any, x: tuple[int, ...], y: tuple[int, ...]) -> None:
    a, b = random(*x, seed=1), random(*y, seed=2)
    xy = K.dot(K.variable(a), K.variable(b))
    assert not K.is_variable(xy)
    assert K.int_shape(xy) == np.dot(a, b).shape
    np.testing.assert_allclose(K.eval(xy), np.dot(a, b), rtol=1e-4, atol=1e-5)


@statement(77)
@pytest.mark.parametrize(
    ("x", "y", "shape"),
    [
        ((2, 3), (3, 4), (2, 4)),
        ((32, 28, 3), (3, 4), (32, 28, 4)),
        ((None, 3), (3, 4), (None, 4)),
        ((None, None, 3), (3, 4), (None, None, 4)),
    ],
)
def test_dot_of_placeholders(K: Any, x: Any, y: Any, shape: Any) -> None:
    left, right = K.placeholder(shape=x), K.placeholder(shape=y)
    xy = K.dot(left, right)
    assert K.int_shape(xy) == shape
    a, b = random(*(n or 2 for n in x)), random(*(n or 2 for n in y))
    np.testing.assert_allclose(K.function([left, right], [xy])([a, b])[0], np.dot(a, b), rtol=1e-4, atol=1e-5)


@statement(77)
def test_dot_of_variables(K: Any) -> None:
    x = K.random_uniform_variable(shape=(2, 3), low=0, high=1)
    xy = K.dot(x, K.ones((4, 3, 5)))
    assert K.int_shape(xy) == (2, 4, 5)
    sums = K.eval(x).sum(axis=1)
    np.testing.assert_allclose(K.eval(xy), np.broadcast_to(sums[:, None, None], (2, 4, 5)), rtol=1e-5)


def batch_dot(x: Any, y: Any, axes: tuple[int, int]) -> Any:
    """The page's pseudocode: the product of each pair of samples, then all of them stacked."""
    products = [np.tensordot(xi, yi, axes=(axes[0] - 1, axes[1] - 1)) for xi, yi in zip(x, y, strict=True)]
    stacked = np.stack(products)
    return stacked[:, None] if stacked.ndim == 1 else stacked


@statement(78, 79, 83)
@pytest.mark.parametrize(
    ("x", "y", "axes"),
    [
        ((4, 3), (4, 3), (1, 1)),
        ((100, 20), (100, 30, 20), (1, 2)),
        ((4, 2, 3), (4, 3, 5), (2, 1)),
        ((4, 3, 2), (4, 3, 5), (1, 1)),
        ((4, 2, 3), (4, 3), (2, 1)),
        ((4, 2, 3, 5), (4, 6, 3), (2, 2)),
        ((4, 2, 3, 5), (4, 5, 2, 6), (3, 1)),
    ],
)
def test_batch_dot(K: Any, x: tuple[int, ...], y: tuple[int, ...], axes: tuple[int, int]) -> None:
    a, b = random(*x, seed=1), random(*y, seed=2)
    made = K.batch_dot(K.variable(a), K.variable(b), axes=axes)
    rule = (*(n for i, n in enumerate(x) if i != axes[0]), *(n for i, n in enumerate(y) if i not in (0, axes[1])))
    assert K.int_shape(made) == (rule if len(rule) > 1 else (*rule, 1))
    np.testing.assert_allclose(K.eval(made), batch_dot(a, b, axes), rtol=1e-4, atol=1e-5)


@statement(78)
@pytest.mark.parametrize(("x", "y", "axes"), [((4, 3), (4, 3), (1, 1)), ((4, 2, 3), (4, 3, 5), (2, 1))])
def test_batch_dot_without_axes(K: Any, x: tuple[int, ...], y: tuple[int, ...], axes: tuple[int, int]) -> None:
    a, b = random(*x, seed=1), random(*y, seed=2)
    np.testing.assert_allclose(
        K.eval(K.batch_dot(K.variable(a), K.variable(b))), batch_dot(a, b, axes), rtol=1e-4, atol=1e-5
    )


@statement(78)
@pytest.mark.parametrize(("x", "y"), [((4,), (4, 3)), ((4, 3), (4,)), ((4, 3), (5, 3)), ((4, 3), (4, 2))])
def test_batch_dot_refuses_what_does_not_fit(K: Any, x: tuple[int, ...], y: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="expected"):
        K.eval(K.batch_dot(K.ones(x), K.ones(y), axes=1))


@statement(80)
def test_batch_dot_is_the_main_diagonal_of_the_product(K: Any) -> None:
    x, y = np.array([[1, 2], [3, 4]]), np.array([[5, 6], [7, 8]])
    value = K.eval(K.batch_dot(K.variable(x), K.variable(y), axes=1))
    np.testing.assert_array_equal(value, np.array([[17], [53]], "float32"), strict=True)
    np.testing.assert_array_equal(value[:, 0], np.diagonal(x.dot(y.T)))


@statement(81)
def test_which_axes_are_kept(K: Any) -> None:
    x, y = K.placeholder(shape=(100, 20)), K.placeholder(shape=(100, 30, 20))
    assert K.int_shape(K.batch_dot(x, y, axes=(1, 2))) == (100, 30)


@statement(82)
def test_batch_dot_of_ones(K: Any) -> None:
    xy = K.batch_dot(K.ones(shape=(32, 20, 1)), K.ones(shape=(32, 30, 20)), axes=(1, 2))
    assert K.int_shape(xy) == (32, 1, 30)
    np.testing.assert_array_equal(K.eval(xy), np.full((32, 1, 30), 20.0))


@statement(84)
def test_transpose(K: Any) -> None:
    var = K.variable([[1, 2, 3], [4, 5, 6]])
    transposed = K.transpose(var)
    expected = np.array([[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]], "float32")
    np.testing.assert_array_equal(K.eval(transposed), expected, strict=True)
    np.testing.assert_array_equal(K.eval(var), expected.T)


@statement(84)
@pytest.mark.parametrize(("shape", "expected"), [((2, 3), (3, 2)), ((None, 3), (3, None)), ((2, 3, 4), (4, 3, 2))])
def test_transpose_of_a_placeholder(K: Any, shape: Any, expected: Any) -> None:
    assert K.int_shape(K.transpose(K.placeholder(shape))) == expected


@statement(85)
@pytest.mark.parametrize("dtype", ["float32", "float64", "int32"])
def test_gather(K: Any, dtype: str) -> None:
    reference = np.array([[1, 2], [3, 4], [5, 6]], dtype)
    rows = K.gather(K.constant(reference, dtype=dtype), K.constant([2, 0], dtype="int32"))
    np.testing.assert_array_equal(K.eval(rows), reference[[2, 0]], strict=True)


@statement(85)
def test_gather_with_indices_of_any_shape(K: Any) -> None:
    reference, indices = random(5, 3), np.array([[0, 4], [2, 2]])
    rows = K.gather(K.variable(reference), indices)
    assert K.int_shape(rows) == (2, 2, 3)
    np.testing.assert_array_equal(K.eval(rows), reference[indices])


@statement(85)
def test_gather_from_what_is_fed(K: Any) -> None:
    indices = K.placeholder(shape=(None,), dtype="int32")
    rows = K.gather(K.variable([[1, 2], [3, 4]]), indices)
    assert K.int_shape(rows) == (None, 2)
    np.testing.assert_array_equal(K.function([indices], [rows])([[1, 1, 0]])[0], [[3, 4], [3, 4], [1, 2]])
