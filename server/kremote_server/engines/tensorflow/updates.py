"""Changes of variables, made at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from kremote_proto.errors import InvalidType, InvalidValue

from .operands import as_dtype, like


def update(x: Any, new_x: Any) -> Any:
    """Assign."""
    return _assigned(x, _fitting(x, new_x))


def update_add(x: Any, increment: Any) -> Any:
    """Assign the sum."""
    _checked(x).assign_add(_fitting(x, increment), read_value=False)
    return x


def update_sub(x: Any, decrement: Any) -> Any:
    """Assign the difference."""
    _checked(x).assign_sub(_fitting(x, decrement), read_value=False)
    return x


def moving_average_update(x: Any, value: Any, momentum: Any) -> Any:
    """Assign a value nearer to the newest."""
    _checked(x).assign_sub(_fitting(x, _step(x, value, momentum)), read_value=False)
    return x


def _step(x: Any, value: Any, momentum: Any) -> Any:
    return (x - as_dtype(value, x.dtype)) * (1 - as_dtype(momentum, x.dtype))


def updated(op: str, x: Any, **amounts: Any) -> Any:
    """The new value that an update gives a variable whose value is the tensor `x`."""
    if op == "moving_average_update":
        return x - _of_shape(x, _step(x, **amounts))
    (amount,) = amounts.values()
    change = _of_shape(x, amount)
    return change if op == "update" else x + change if op == "update_add" else x - change


def set_value(x: Any, value: Any) -> None:
    """Assign what is cast to the variable's dtype."""
    _assigned(x, _fitting(x, as_dtype(value, _checked(x).dtype)))


def batch_set_value(tuples: Sequence[tuple[Any, Any]]) -> None:
    """Assign all, or none when one does not fit."""
    values = [_fitting(x, as_dtype(value, _checked(x).dtype)) for x, value in tuples]
    for (x, _), value in zip(tuples, values, strict=True):
        _assigned(x, value)


def _checked(x: Any) -> Any:
    if not isinstance(x, tf.Variable):
        raise InvalidType("expected a variable; got a tensor, which keeps the value it was made with")
    return x


def _fitting(x: Any, value: Any) -> Any:
    return _of_shape(_checked(x), value)


def _of_shape(x: Any, value: Any) -> Any:
    value = like(value, x.dtype)
    if not value.shape.is_compatible_with(x.shape):
        raise InvalidValue(f"expected a value of the variable's shape {tuple(x.shape)}; got {tuple(value.shape)}")
    return value


def _assigned(x: Any, value: Any) -> Any:
    x.assign(value, read_value=False)
    return x
