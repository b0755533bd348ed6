"""Python's arithmetic operators."""

from __future__ import annotations

from typing import Any

import numpy as np

from kremote_proto.dtypes import dtype_name
from kremote_proto.errors import InvalidValue
from kremote_proto.operands import quotient_dtype
from kremote_proto.tensors import Array

from . import elementwise
from .operands import dense, pair


def add(x: Any, y: Any) -> Any:
    """Sum."""
    return np.add(*pair(x, y))


def sub(x: Any, y: Any) -> Any:
    """Difference."""
    return np.subtract(*pair(x, y))


def mul(x: Any, y: Any) -> Any:
    """Product of elements."""
    return np.multiply(*pair(x, y))


def truediv(x: Any, y: Any) -> Any:
    """Quotient; of integers a float."""
    x, y = pair(x, y)
    dtype = quotient_dtype(dtype_name(x.dtype))
    return np.true_divide(x, y) if x.dtype.kind not in "iu" else np.true_divide(x.astype(dtype), y.astype(dtype))


def floordiv(x: Any, y: Any) -> Any:
    """Quotient rounded down."""
    return np.floor_divide(*_divisible(x, y))


def mod(x: Any, y: Any) -> Any:
    """Remainder with the sign of y."""
    return np.remainder(*_divisible(x, y))


def _divisible(x: Any, y: Any) -> tuple[Array, Array]:
    x, y = pair(x, y)
    if x.dtype.kind in "iu" and x.size and not y.all():
        raise InvalidValue("expected integers other than 0 to divide by; got a 0")
    return x, y


def pow(x: Any, y: Any) -> Any:
    """Power."""
    return elementwise.pow(x, y)


def matmul(x: Any, y: Any) -> Any:
    """Matrix product."""
    x, y = pair(x, y)
    return np.matmul(x, y).astype(x.dtype)  # numpy multiplies bfloat16 as float32


def neg(x: Any) -> Any:
    """Negation."""
    return np.negative(dense(x))


def absolute(x: Any) -> Any:
    """Absolute values."""
    return elementwise.abs(x)
