"""Linear algebra: products of tensors, transposition, lookup of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from kremote_proto.errors import InvalidValue

from .operands import arranged, as_indices, dense, is_sparse, like, pair


def dot(x: Any, y: Any) -> Any:
    """The product over the last axis of x and the second-to-last of y."""
    if is_sparse(x):
        return tf.sparse.sparse_dense_matmul(x, like(y, x.dtype))
    x, y = pair(x, y)
    if x.shape.rank == 2 and y.shape.rank == 2:
        return tf.matmul(x, y)
    return tf.tensordot(x, y, [[-1], [-2]])


def batch_dot(x: Any, y: Any, axes: int | Sequence[int] | None) -> Any:
    """The product of each sample: x as (batch, rest, summed) by y as (batch, summed, rest)."""
    x, y = pair(x, y)
    x_axis, y_axis = _summed_axes(x.shape.rank, y.shape.rank, axes)
    x, x_rest = _summed_last(x, x_axis)
    y, y_rest = _summed_last(y, y_axis)
    product = tf.matmul(x, y, transpose_b=True)
    rest = x_rest + y_rest or [1]
    result = tf.reshape(product, tf.stack([tf.shape(product)[0], *rest]))
    static = [product.shape[0], *(n if isinstance(n, int) else None for n in rest)]
    return tf.ensure_shape(result, static) if None in static else result


def _summed_axes(x_rank: int | None, y_rank: int | None, axes: int | Sequence[int] | None) -> tuple[int, int]:
    """The axes to sum over, counted from the front."""
    if x_rank is None or y_rank is None:
        raise InvalidValue("expected tensors of known rank; got one whose rank is unknown")
    if axes is None:
        return x_rank - 1, y_rank - 1 if y_rank == 2 else y_rank - 2
    x_axis, y_axis = (axes, axes) if isinstance(axes, int) else axes
    return x_axis % x_rank, y_axis % y_rank


def _summed_last(x: Any, axis: int) -> tuple[Any, list[Any]]:
    """A batch as (batch, rest, summed), and the lengths of its rest, static where known."""
    others = [i for i in range(1, x.shape.rank) if i != axis]
    x = tf.transpose(x, [0, *others, axis])
    dynamic = tf.shape(x)
    rest = [dynamic[i] if x.shape[i] is None else x.shape[i] for i in range(1, x.shape.rank - 1)]
    flat = tf.reshape(x, tf.stack([dynamic[0], tf.reduce_prod(dynamic[1:-1]), dynamic[-1]]))
    flat.set_shape([x.shape[0], x.shape[1:-1].num_elements(), x.shape[-1]])
    return flat, rest


def transpose(x: Any) -> Any:
    """The axes in reverse order."""
    return tf.transpose(dense(x))


def gather(reference: Any, indices: Any) -> Any:
    """Rows."""
    wanted = as_indices(indices)
    return arranged(lambda rows: tf.gather(rows, wanted), dense(reference))
