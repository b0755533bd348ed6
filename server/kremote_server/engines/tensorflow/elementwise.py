"""Functions of each element."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from .operands import dense


def abs(x: Any) -> Any:
    """Absolute values."""
    return tf.abs(dense(x))


def square(x: Any) -> Any:
    """Squares."""
    return tf.square(dense(x))


def sqrt(x: Any) -> Any:
    """Square roots of what is not negative."""
    x = dense(x)
    return tf.sqrt(tf.maximum(x, tf.zeros([], x.dtype)))


def exp(x: Any) -> Any:
    """Exponentials."""
    return tf.exp(dense(x))


def log(x: Any) -> Any:
    """Natural logarithms."""
    return tf.math.log(dense(x))
