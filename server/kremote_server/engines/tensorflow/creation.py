"""Tensors made from nothing or in the likeness of another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from kremote_proto.errors import InvalidDType, InvalidType

from .operands import arranged, as_dtype, as_indices, dense, filled, is_sparse, lengths, made_of


def constant(value: Any, dtype: str, shape: Any, name: str | None) -> Any:
    """A tensor of a dtype, arranged in a shape."""
    value = made_of(value, dtype)
    if shape is None:
        return value
    if value.shape.num_elements() == 1:
        return filled(lambda lengths: arranged(lambda value: tf.fill(lengths, tf.reshape(value, [])), value), shape)
    return tf.reshape(value, lengths(shape))


def arange(start: Any, stop: Any, step: Any, dtype: str) -> Any:
    """The numbers from a start to before a stop."""
    if stop is None:
        start, stop = 0, tf.maximum(start, tf.zeros([], start.dtype)) if tf.is_tensor(start) else max(start, 0)
    bounds = (start, stop, step)
    if any(tf.is_tensor(bound) for bound in bounds):
        first, last, each = (tf.cast(bound, tf.float64) for bound in bounds)
        numbers = _if_small(tf.abs((last - first) / each), lambda: tf.range(*bounds))
    else:
        numbers = tf.range(*bounds)
    return numbers if dtype == "int32" else tf.cast(numbers, dtype)


def one_hot(indices: Any, num_classes: Any) -> Any:
    """A one at each index's place."""
    places = as_indices(indices)
    if not tf.is_tensor(num_classes):
        return tf.one_hot(places, num_classes)
    if num_classes.shape.rank or not num_classes.dtype.is_integer:
        raise InvalidType(f"expected num_classes to be an integer; got {num_classes.dtype.name}{num_classes.shape}")
    rows = tf.maximum(tf.cast(tf.size(places), tf.float64), 1.0)
    length = tf.cast(num_classes, tf.float64)
    return _if_small(rows * tf.abs(length), lambda: tf.one_hot(places, tf.cast(num_classes, tf.int32)))


def _if_small(size: Any, make: Callable[[], Any]) -> Any:
    """`make()`, where the number of its elements, a float64 that only a call may say, is not too large."""
    message = "expected a shape of at most 2**30 elements"
    check = tf.debugging.assert_less_equal(size, tf.constant(2.0**30, tf.float64), message)
    with tf.control_dependencies([] if check is None else [check]):
        return make()


def zeros_like(x: Any, dtype: str | None, name: str | None) -> Any:
    """Zeros in the shape of a tensor."""
    return tf.zeros_like(dense(x), dtype)


def ones_like(x: Any, dtype: str | None, name: str | None) -> Any:
    """Ones in the shape of a tensor."""
    x = dense(x)
    if (dtype or x.dtype.name) == "string":
        raise InvalidDType("expected a dtype that has ones; got string")
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
