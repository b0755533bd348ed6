"""Parts of a tensor."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from kremote_proto.errors import InvalidDType, InvalidType

from .operands import arranged, dense


def getitem(x: Any, index: tuple[Any, ...]) -> Any:
    """The part of x that numpy's basic indexing names, or a mask or one tensor of indices picks."""
    x = dense(x)
    first: Any = index[0] if index else None
    if not tf.is_tensor(first) or (first.shape.rank == 0 and first.dtype != tf.bool):
        return x[tuple(_basic(entry) for entry in index)]
    if first.dtype == tf.bool:
        if len(index) > 1:
            raise InvalidType(f"expected a bool tensor alone between the brackets; got {len(index)} indices")
        return tf.boolean_mask(x, first)
    rows = arranged(lambda x: tf.gather(x, _from_front(dense(first), tf.shape(x)[0])), x)
    rest = tuple(_basic(entry) for entry in index[1:])
    return rows[(slice(None),) * first.shape.rank + rest] if rest else rows


def _from_front(indices: Any, length: Any) -> Any:
    """Indices with those that count from the back made to count from the front."""
    if not indices.dtype.is_integer:
        raise InvalidDType(f"expected indices of integers or bool; got {indices.dtype.name}")
    indices = tf.cast(indices, tf.int64)
    return tf.where(indices < 0, indices + tf.cast(length, tf.int64), indices)


def _basic(entry: Any) -> Any:
    if isinstance(entry, slice):
        return slice(_basic(entry.start), _basic(entry.stop), _basic(entry.step))
    if not tf.is_tensor(entry):
        return entry
    entry = dense(entry)
    if entry.shape.rank != 0 or not entry.dtype.is_integer:
        raise InvalidType(
            f"expected scalar integer tensors among several indices; got {entry.dtype.name} of shape {entry.shape}"
        )
    return tf.cast(entry, tf.int64)
