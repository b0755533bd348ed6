"""Variables: values that are kept until they are changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from kremote_proto.errors import InvalidValue

from . import random
from .operands import bounded, filled, is_sparse, lengths, made_of


def variable(value: Any, dtype: str, name: str | None) -> Any:
    """A variable, or a sparse tensor for a sparse value."""
    if is_sparse(value):
        return tf.cast(value, dtype)
    return _made(made_of(value, dtype), name)


def zeros(shape: Any, dtype: str, name: str | None) -> Any:
    """A variable of zeros."""
    return _made(filled(lambda lengths: tf.zeros(lengths, dtype), shape), name)


def ones(shape: Any, dtype: str, name: str | None) -> Any:
    """A variable of ones."""
    return _made(filled(lambda lengths: tf.ones(lengths, dtype), shape), name)


def eye(size: Any, dtype: str, name: str | None) -> Any:
    """A variable holding an identity matrix."""
    sides = lengths(size)
    if tf.is_tensor(sides):
        sides = tf.reshape(sides, [-1])
        sides = bounded(sides, tf.stack([sides[0], sides[-1]]))
    if (sides.shape[0] if tf.is_tensor(sides) else len(sides)) not in (1, 2, None):
        raise InvalidValue(f"expected the number of rows and columns, or (rows, columns); got {sides}")
    return _made(tf.eye(sides[0], sides[-1], dtype=tf.as_dtype(dtype)), name)


def random_uniform_variable(shape: Any, low: float, high: float, dtype: str, name: str | None, seed: int | None) -> Any:
    """A variable of uniform samples."""
    return _made(random.random_uniform(shape, low, high, dtype, seed), name)


def random_normal_variable(
    shape: Any, mean: float, scale: float, dtype: str, name: str | None, seed: int | None
) -> Any:
    """A variable of normal samples."""
    return _made(random.random_normal(shape, mean, scale, dtype, seed), name)


def _made(value: Any, name: str | None) -> Any:
    """A variable; inside a traced function, which a shape with a symbol leads to, the tensor itself."""
    return tf.Variable(value, name=name) if tf.executing_eagerly() else value


def get_value(x: Any) -> Any:
    """The value now."""
    return x if is_sparse(x) else tf.convert_to_tensor(x)


def batch_get_value(tensors: Sequence[Any]) -> list[Any]:
    """The values now."""
    return [get_value(tensor) for tensor in tensors]
