"""Shapes: asking for them, changing them, joining tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from kremote_proto.errors import InvalidValue

from .creation import to_dense
from .operands import arranged, bounded, dense, is_sparse, lengths, like


def shape(x: Any) -> Any:
    """The lengths of the axes."""
    return tf.shape(x)


def size(x: Any, name: str | None) -> Any:
    """The number of elements."""
    return tf.size(x)


def reshape(x: Any, shape: Any) -> Any:
    """The same elements in another shape."""
    x, wanted = dense(x), lengths(shape)
    # Lengths that multiply to more than 64 bits hold end TensorFlow, even beside a 0.
    return tf.reshape(x, bounded(wanted, wanted, tf.maximum(tf.size(x, tf.int64), 2**30)))


def flatten(x: Any) -> Any:
    """One axis."""
    return tf.reshape(dense(x), [-1])


def batch_flatten(x: Any) -> Any:
    """The samples, and one axis."""
    x = dense(x)
    lengths = tf.shape(x, tf.int64)
    return tf.reshape(x, [tf.reduce_prod(lengths[:1]), tf.reduce_prod(lengths[1:])])


def expand_dims(x: Any, axis: int) -> Any:
    """An axis of length 1 more."""
    return tf.expand_dims(dense(x), axis)


def squeeze(x: Any, axis: int) -> Any:
    """An axis of length 1 less."""
    return tf.squeeze(dense(x), axis)


def stack(x: Sequence[Any], axis: int) -> Any:
    """Tensors along a new axis."""
    return arranged(lambda *parts: tf.stack(parts, axis), *_of_one_dtype(x))


def concatenate(tensors: Sequence[Any], axis: int) -> Any:
    """The tensors joined; sparse when all are."""
    rank = next((tensor.shape.rank for tensor in tensors if tf.is_tensor(tensor) and tensor.shape.rank), None)
    axis = axis % rank if rank and axis < 0 else axis
    if tensors and all(is_sparse(tensor) for tensor in tensors):
        return tf.sparse.concat(axis, tensors)
    parts = _of_one_dtype([to_dense(tensor) if is_sparse(tensor) else tensor for tensor in tensors])
    return arranged(lambda *parts: tf.concat(parts, axis), *parts)


def _of_one_dtype(tensors: Sequence[Any]) -> list[Any]:
    """Dense tensors of the dtype that the first of them has."""
    if not tensors:
        raise InvalidValue("expected at least one tensor; got an empty list")
    dtype = next((tensor for tensor in tensors if tf.is_tensor(tensor)), tf.convert_to_tensor(tensors[0])).dtype
    return [like(tensor, dtype) for tensor in tensors]
