"""Functions of each element. Those that take sparse tensors keep them sparse."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from kremote_proto.errors import InvalidType, InvalidValue

from .operands import dense, like, pair


def abs(x: Any) -> Any:
    """Absolute values."""
    return tf.abs(x)


def square(x: Any) -> Any:
    """Squares."""
    return tf.square(x)


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


def sin(x: Any) -> Any:
    """Sines."""
    return tf.sin(x)


def cos(x: Any) -> Any:
    """Cosines."""
    return tf.cos(dense(x))


def sign(x: Any) -> Any:
    """Signs."""
    return tf.sign(x)


def round(x: Any) -> Any:
    """The nearest whole numbers; of two the even one."""
    return tf.round(dense(x))


def pow(x: Any, a: Any) -> Any:
    """Powers."""
    x, a = pair(x, a)
    exponents = tf.get_static_value(a) if x.dtype.is_integer else None
    if exponents is not None and (exponents < 0).any():  # a function would look for a kernel that is not there
        raise InvalidValue(f"expected no negative integer powers of integers; got {str(exponents)[:60]}")
    return tf.pow(x, a)


def maximum(x: Any, y: Any) -> Any:
    """The larger of two elements."""
    return tf.maximum(*pair(x, y))


def minimum(x: Any, y: Any) -> Any:
    """The smaller of two elements."""
    return tf.minimum(*pair(x, y))


def clip(x: Any, min_value: Any, max_value: Any) -> Any:
    """Elements between two bounds."""
    x = dense(x)
    if x.dtype.is_integer and (min_value is None or max_value is None):
        raise InvalidType(f"expected two bounds for {x.dtype.name}, which holds no infinity; got None")
    least = -x.dtype.as_numpy_dtype("inf") if min_value is None else like(min_value, x.dtype)
    most = x.dtype.as_numpy_dtype("inf") if max_value is None else like(max_value, x.dtype)
    clipped = tf.clip_by_value(x, least, most)
    return tf.ensure_shape(clipped, x.shape) if clipped.shape != x.shape else clipped
