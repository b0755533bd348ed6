"""Changes of variables, made at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kremote_proto.dtypes import dtype_name
from kremote_proto.errors import InvalidType, InvalidValue
from kremote_proto.tensors import Array

from .operands import as_dtype, like
from .variable import Variable


def update(x: Any, new_x: Any) -> Variable:
    """Assign."""
    return _assigned(x, _fitting(x, new_x))


def update_add(x: Any, increment: Any) -> Variable:
    """Assign the sum."""
    return _assigned(x, _checked(x).value + _fitting(x, increment))


def update_sub(x: Any, decrement: Any) -> Variable:
    """Assign the difference."""
    return _assigned(x, _checked(x).value - _fitting(x, decrement))


def moving_average_update(x: Any, value: Any, momentum: Any) -> Variable:
    """Assign a value nearer to the newest."""
    old, dtype = _checked(x).value, _dtype(x)
    step = (old - as_dtype(value, dtype)) * (np.ones((), old.dtype) - as_dtype(momentum, dtype))
    return _assigned(x, old - _fitting(x, step))


def set_value(x: Any, value: Any) -> None:
    """Assign what is cast to the variable's dtype."""
    _assigned(x, _fitting(x, as_dtype(value, _dtype(x))))


def batch_set_value(tuples: Sequence[tuple[Any, Any]]) -> None:
    """Assign all, or none when one does not fit."""
    values = [_fitting(x, as_dtype(value, _dtype(x))) for x, value in tuples]
    for (x, _), value in zip(tuples, values, strict=True):
        _assigned(x, value)


def _checked(x: Any) -> Variable:
    if not isinstance(x, Variable):
        raise InvalidType("expected a variable; got a tensor, which keeps the value it was made with")
    return x


def _dtype(x: Any) -> str:
    return dtype_name(_checked(x).value.dtype)


def _fitting(x: Any, value: Any) -> Array:
    old = _checked(x).value
    array = like(value, old.dtype)
    if array.shape != old.shape:
        raise InvalidValue(f"expected a value of the variable's shape {old.shape}; got {array.shape}")
    return array


def _assigned(x: Variable, value: Array) -> Variable:
    _checked(x).value = np.array(value)
    return x
