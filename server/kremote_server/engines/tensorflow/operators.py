"""Python's arithmetic operators.

The commonest are raw ops: what `tf.add` does around one takes as long as a small sum.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from . import elementwise
from .operands import arranged, dense, pair


def add(x: Any, y: Any) -> Any:
    """Sum."""
    x, y = pair(x, y)
    return arranged(tf.add, x, y) if x.dtype == tf.string else tf.raw_ops.AddV2(x=x, y=y)


def sub(x: Any, y: Any) -> Any:
    """Difference."""
    x, y = pair(x, y)
    return tf.raw_ops.Sub(x=x, y=y)


def mul(x: Any, y: Any) -> Any:
    """Product of elements."""
    x, y = pair(x, y)
    return tf.raw_ops.Mul(x=x, y=y)


def truediv(x: Any, y: Any) -> Any:
    """Quotient; of integers a float."""
    return tf.truediv(*pair(x, y))


def floordiv(x: Any, y: Any) -> Any:
    """Quotient rounded down."""
    return tf.math.floordiv(*pair(x, y))


def mod(x: Any, y: Any) -> Any:
    """Remainder with the sign of y."""
    return tf.math.floormod(*pair(x, y))


def pow(x: Any, y: Any) -> Any:
    """Power."""
    return elementwise.pow(x, y)


def matmul(x: Any, y: Any) -> Any:
    """Matrix product."""
    return tf.matmul(*pair(x, y))


def neg(x: Any) -> Any:
    """Negation."""
    return tf.negative(dense(x))


def absolute(x: Any) -> Any:
    """Absolute values."""
    return elementwise.abs(x)
