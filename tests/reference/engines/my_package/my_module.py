"""The page's own example of an external backend; on numpy, so that it starts at once."""

from __future__ import annotations

from typing import Any

import numpy as np


class Variable:
    """A changeable array."""

    def __init__(self, value: Any, dtype: str) -> None:
        self.array = np.array(value, dtype)


def _array(x: Any) -> Any:
    return x.array if isinstance(x, Variable) else np.asarray(x)


def placeholder(shape: Any = None, ndim: Any = None, dtype: Any = None, sparse: bool = False, name: Any = None) -> Any:
    raise NotImplementedError("my_module has no symbols")


def variable(value: Any, dtype: str = "float32", name: str | None = None) -> Variable:
    return Variable(value, dtype)


def function(inputs: Any, outputs: Any, updates: Any = None, name: Any = None) -> Any:
    raise NotImplementedError("my_module has no symbols")


def constant(value: Any, dtype: str = "float32", shape: Any = None, name: Any = None) -> Any:
    return np.asarray(value, dtype)


def dot(x: Any, y: Any) -> Any:
    return np.dot(_array(x), _array(y))


def update(x: Variable, new_x: Any) -> Variable:
    x.array = np.asarray(_array(new_x), x.array.dtype)
    return x


def is_variable(x: Any) -> bool:
    return isinstance(x, Variable)


def int_shape(x: Any) -> tuple[int, ...]:
    return tuple(_array(x).shape)


def dtype(x: Any) -> str:
    return str(_array(x).dtype.name)


def eval(x: Any) -> Any:
    return _array(x)
