"""Section 7: updates (statements 72 to 75)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from .statements import statement

#: The function, its second argument, and what becomes of a variable of [1, 2].
UPDATES = [
    ("update", [3.0, 4.0], [3.0, 4.0]),
    ("update_add", [3.0, 4.0], [4.0, 6.0]),
    ("update_sub", [1.0, 1.0], [0.0, 1.0]),
]


@statement(72, 73, 74)
@pytest.mark.parametrize(("name", "argument", "expected"), UPDATES)
def test_an_update_is_made_at_once_and_gives_the_variable(
    K: Any, name: str, argument: list[float], expected: list[float]
) -> None:
    x = K.variable([1.0, 2.0])
    updated = getattr(K, name)(x, K.constant(argument))
    np.testing.assert_array_equal(K.eval(x), expected)
    np.testing.assert_array_equal(K.eval(updated), expected)
    assert K.is_variable(updated)


@statement(72, 73, 74)
@pytest.mark.parametrize(("name", "argument", "expected"), UPDATES)
def test_an_update_with_a_symbol_is_made_when_a_function_runs(
    K: Any, name: str, argument: list[float], expected: list[float]
) -> None:
    x, fed = K.variable([1.0, 2.0]), K.placeholder(shape=(2,))
    train = K.function([fed], [], updates=[getattr(K, name)(x, fed)])
    np.testing.assert_array_equal(K.eval(x), [1.0, 2.0])
    train([argument])
    np.testing.assert_array_equal(K.eval(x), expected)


@statement(73, 74)
def test_the_pages_sequence_of_updates(K: Any) -> None:
    x = K.variable([1.0, 2.0])
    K.update_add(x, increment=K.constant([3.0, 4.0]))
    np.testing.assert_array_equal(K.eval(x), [4.0, 6.0])
    K.update_sub(x, decrement=K.constant([1.0, 1.0]))
    np.testing.assert_array_equal(K.eval(x), [3.0, 5.0])


@statement(72)
@pytest.mark.parametrize("shape", [(3,), (1, 2), ()])
def test_the_new_value_must_have_the_variables_shape(K: Any, shape: tuple[int, ...]) -> None:
    x = K.variable([1.0, 2.0])
    with pytest.raises(ValueError, match="shape"):
        K.eval(K.update(x, K.constant(7.0, shape=shape)))
    np.testing.assert_array_equal(K.eval(x), [1.0, 2.0])


@statement(75)
def test_a_moving_average(K: Any) -> None:
    x = K.variable([1.0, 2.0])
    updated = K.moving_average_update(x, K.variable([3.0, 4.0]), 0.9)
    np.testing.assert_allclose(K.eval(x), [1.2, 2.2], rtol=1e-6)
    np.testing.assert_allclose(K.eval(updated), [1.2, 2.2], rtol=1e-6)


@statement(75)
def test_a_moving_average_of_symbols(K: Any) -> None:
    x, value = K.variable([1.0, 2.0]), K.placeholder(shape=(2,))
    move = K.function([value], [], updates=[K.moving_average_update(x, value=value, momentum=0.9)])
    expected = np.array([1.0, 2.0])
    for fed in ([3.0, 4.0], [5.0, -1.0]):
        move([fed])
        expected = expected * 0.9 + np.array(fed) * 0.1
    np.testing.assert_allclose(K.eval(x), expected, rtol=1e-6)
