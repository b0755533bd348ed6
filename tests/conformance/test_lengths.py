"""Shapes made of `K.shape`: as much is known of them as TensorFlow knows, without asking the server."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

#: What is computed of x (?, 4) and y (2, 3, 4), and the shape that is known.
MADE: dict[str, tuple[Callable[[Any, Any, Any], Any], tuple[int | None, ...]]] = {
    "one length": (lambda K, x, y: K.zeros((K.shape(x)[0], 3)), (None, 3)),
    "one known length": (lambda K, x, y: K.ones((K.shape(y)[-1], 3)), (4, 3)),
    "all lengths": (lambda K, x, y: K.random_uniform(K.shape(x)), (None, 4)),
    "in reverse": (lambda K, x, y: K.ones(K.shape(y)[::-1]), (4, 3, 2)),
    "some": (lambda K, x, y: K.ones(K.shape(y)[1:]), (3, 4)),
    "cast": (lambda K, x, y: K.zeros((K.cast(K.shape(y)[0], "int64"), 2)), (2, 2)),
    "size": (lambda K, x, y: K.zeros((K.size(y), 1)), (24, 1)),
    "concatenated": (lambda K, x, y: K.ones(K.concatenate([K.shape(x)[:1], [5]])), (None, 5)),
    "stacked": (lambda K, x, y: K.reshape(x, K.stack([K.shape(x)[0], 2, 2])), (None, 2, 2)),
    "computed": (lambda K, x, y: K.reshape(y, (K.shape(y)[0] * 6, (K.shape(y)[2] - 2) // 1)), (12, 2)),
    "computed, all": (lambda K, x, y: K.ones(K.shape(y) // 2 + 1), (2, 2, 3)),
    "what is left": (lambda K, x, y: K.reshape(y, (K.shape(y)[0], -1)), (2, 12)),
    "what is left of an unknown number": (lambda K, x, y: K.reshape(x, (K.shape(x)[0], 2, -1)), (None, 2, None)),
    "tiled": (lambda K, x, y: K.tile(y, (K.shape(x)[0], 1, 2)), (None, 3, 8)),
    "repeated": (lambda K, x, y: K.repeat(x, K.shape(y)[1]), (None, 3, 4)),
    "sliced": (lambda K, x, y: K.slice(x, (0, 0), (K.shape(x)[0] - 1, 2)), (None, 2)),
    "between brackets": (lambda K, x, y: x[: K.shape(y)[0], 1:], (None, 3)),
    "classes": (lambda K, x, y: K.one_hot(K.argmax(x), K.shape(y)[1]), (None, 3)),
    "of its own": (lambda K, x, y: K.zeros((K.square(K.shape(y)[0]), 2)), (None, 2)),
    "wrapped": (lambda K, x, y: K.cast(K.shape(y)[0] * 128, "uint8"), ()),
}


@pytest.mark.parametrize("name", MADE)
def test_shapes_made_of_shapes(K: ModuleType, name: str) -> None:
    make, wanted = MADE[name]
    traffic = K.get_session().session.traffic
    x, y = K.placeholder((None, 4)), K.placeholder((2, 3, 4))
    before = traffic["requests"]
    symbol = make(K, x, y)
    assert K.int_shape(symbol) == wanted
    assert traffic["requests"] == before
    (value,) = K.function([x, y], [symbol])([np.ones((5, 4)), np.ones((2, 3, 4))])
    assert len(wanted) == np.ndim(value)
    assert [(n, m) for n, m in zip(wanted, np.shape(value), strict=True) if n not in (None, m)] == []
    assert K.int_shape(symbol) == wanted  # the server has answered


def test_numbers_of_variables_are_not_known(K: ModuleType) -> None:
    shape, x = K.variable([2, 3], dtype="int32"), K.placeholder((None,))
    reshaped = K.reshape(x, shape)
    assert K.int_shape(reshaped) == (None, None)
    K.set_value(shape, [3, 2])
    assert K.function([x], [reshaped])([np.ones(6)])[0].shape == (3, 2)


def test_an_array_beside_a_shape_made_of_shapes_asks_nobody(K: ModuleType) -> None:
    traffic = K.get_session().session.traffic
    x = K.placeholder((None, 4))
    before = traffic["requests"]
    product = K.reshape(x, (K.shape(x)[0], 2, 2)) * np.ones((2, 2))
    assert (product.dtype, product.shape) == ("float32", (None, 2, 2))
    assert traffic["requests"] == before
