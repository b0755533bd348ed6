"""Tensors made from nothing or in the likeness of another."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from kremote_proto.errors import InvalidType

from .operands import arranged, as_dtype, dense, filled, is_sparse, lengths


def constant(value: Any, dtype: str, shape: Any, name: str | None) -> Any:
    """A tensor of a dtype, arranged in a shape."""
    value = as_dtype(value, dtype)
    if shape is None:
        return value
    if value.shape.num_elements() == 1:
        return filled(lambda lengths: arranged(lambda value: tf.fill(lengths, tf.reshape(value, [])), value), shape)
    return tf.reshape(value, lengths(shape))


def zeros_like(x: Any, dtype: str | None, name: str | None) -> Any:
    """Zeros in the shape of a tensor."""
    return tf.zeros_like(dense(x), dtype)


def ones_like(x: Any, dtype: str | None, name: str | None) -> Any:
    """Ones in the shape of a tensor."""
    x = dense(x)
    if (dtype or x.dtype.name) == "string":
        raise InvalidType("expected a dtype that has ones; got string")
    return tf.ones_like(x, dtype)


def identity(x: Any, name: str | None) -> Any:
    """The same value."""
    return tf.identity(x)


def cast(x: Any, dtype: str) -> Any:
    """The elements as another dtype."""
    return tf.cast(x, dtype) if is_sparse(x) else as_dtype(x, dtype)


def to_dense(tensor: Any) -> Any:
    """The dense form; entries with the same index add up."""
    if not is_sparse(tensor):
        return tf.convert_to_tensor(tensor)
    result = tf.scatter_nd(tensor.indices, tensor.values, tensor.dense_shape)
    result.set_shape(tensor.shape)
    return result
