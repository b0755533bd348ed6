"""A very small engine: eager, on numpy, with the three names an engine must have and a few ops."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[tuple[int, ...], np.dtype[Any]]


class Variable:
    """A changeable array."""

    def __init__(self, value: Any, dtype: str) -> None:
        self.array = np.array(value, dtype)


def _array(x: Any) -> Array:
    array: Array = x.array if isinstance(x, Variable) else np.asarray(x)
    return array


def variable(value: Any, dtype: str = "float32", name: str | None = None) -> Variable:
    return Variable(value, dtype)


def placeholder(
    shape: Any = None, ndim: Any = None, dtype: str = "float32", sparse: bool = False, name: Any = None
) -> Any:
    raise NotImplementedError("the tiny engine has no symbols")


def function(inputs: Any, outputs: Any, updates: Any = None, name: Any = None) -> Any:
    raise NotImplementedError("the tiny engine has no symbols")


def constant(value: Any, dtype: str = "float64", shape: Any = None, name: Any = None) -> Array:
    return np.asarray(value, dtype)


def dot(x: Any, y: Any) -> Array:
    return _array(x) @ _array(y)


def cast(x: Any, dtype: str) -> Array:
    return _array(x).astype(dtype)


def rnn(
    step_function: Any,
    inputs: Array,
    initial_states: list[Array],
    go_backwards: bool = False,
    mask: Any = None,
    constants: Any = None,
    unroll: bool = False,
    input_length: Any = None,
) -> tuple[Array, Array, list[Array]]:
    states, outputs = list(initial_states), []
    for time in range(inputs.shape[1]):
        output, states = step_function(inputs[:, time], states)
        outputs.append(output)
    return outputs[-1], np.stack(outputs, 1), states


def is_variable(x: Any) -> bool:
    return isinstance(x, Variable)


def int_shape(x: Any) -> tuple[int, ...]:
    return _array(x).shape


def dtype(x: Any) -> str:
    return str(_array(x).dtype)


def eval(x: Any) -> Array:
    return _array(x)


def set_value(x: Variable, value: Any) -> None:
    x.array = np.asarray(value, x.array.dtype)
