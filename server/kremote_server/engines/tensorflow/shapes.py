"""Shapes: asking for them, changing them, joining tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from kremote_proto.errors import InvalidValue

from .creation import to_dense
from .operands import arranged, dense, is_sparse, lengths, like


def shape(x: Any) -> Any:
    """The lengths of the axes."""
    return tf.shape(x)


def size(x: Any, name: str | None) -> Any:
    """The number of elements."""
    return tf.size(x)


def reshape(x: Any, shape: Any) -> Any:
    """The same elements in another shape."""
    return tf.reshape(dense(x), lengths(shape))


def concatenate(tensors: Sequence[Any], axis: int) -> Any:
    """The tensors joined; sparse when all are."""
    if not tensors:
        raise InvalidValue("expected at least one tensor; got an empty list")
    if all(is_sparse(tensor) for tensor in tensors):
        return tf.sparse.concat(axis, tensors)
    parts = [to_dense(tensor) if is_sparse(tensor) else tensor for tensor in tensors]
    dtypes = [part.dtype for part in parts if tf.is_tensor(part)] or [tf.convert_to_tensor(parts[0]).dtype]
    return arranged(lambda *parts: tf.concat(parts, axis), *(like(part, dtypes[0]) for part in parts))
