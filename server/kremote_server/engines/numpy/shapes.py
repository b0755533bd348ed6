"""Shapes: asking for them, changing them, joining tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kremote_proto import layouts
from kremote_proto.errors import InvalidValue
from kremote_proto.shapes import reshape as reshaped
from kremote_proto.tensors import Array, SparseArray

from .creation import to_dense
from .operands import dense, is_given, is_sparse, lengths, like


def shape(x: Any) -> Any:
    """The lengths of the axes."""
    return np.array(x.shape if is_sparse(x) else dense(x).shape, "int32")


def size(x: Any, name: str | None) -> Any:
    """The number of elements."""
    return np.array(shape(x).prod(), "int32")


def reshape(x: Any, shape: Any) -> Any:
    """The same elements in another shape."""
    x = dense(x)
    return np.reshape(x, reshaped(x.shape, lengths(shape)))


def concatenate(tensors: Sequence[Any], axis: int) -> Any:
    """The tensors joined; sparse when all are."""
    if not tensors:
        raise InvalidValue("expected at least one tensor; got an empty list")
    if all(is_sparse(tensor) for tensor in tensors):
        return _joined(tensors, axis % len(tensors[0].shape))
    dtype = dense(to_dense(next((tensor for tensor in tensors if is_given(tensor)), tensors[0]))).dtype
    parts = [like(to_dense(t) if is_sparse(t) else t, dtype) for t in tensors]
    return np.concatenate(parts, axis % parts[0].ndim if parts[0].ndim and axis < 0 else axis)


def _joined(tensors: Sequence[SparseArray], axis: int) -> SparseArray:
    """Sparse tensors joined: each one's entries come after those of the ones before."""
    along = [tensor.shape[axis] for tensor in tensors]
    offsets = np.cumsum([0, *along[:-1]])
    indices: Array = np.concatenate([_shifted(t.indices, axis, n) for t, n in zip(tensors, offsets, strict=True)])
    values = np.concatenate([tensor.values for tensor in tensors])
    order = np.lexsort(indices.T[::-1])
    joined = (*tensors[0].shape[:axis], sum(along), *tensors[0].shape[axis + 1 :])
    return SparseArray(indices[order], values[order], joined)


def _shifted(indices: Array, axis: int, offset: int) -> Array:
    shifted: Array = indices.copy()
    shifted[:, axis] += offset
    return shifted


def expand_dims(x: Any, axis: int) -> Any:
    """An axis of length 1 more."""
    return np.expand_dims(dense(x), axis)


def squeeze(x: Any, axis: int) -> Any:
    """An axis of length 1 less."""
    return np.squeeze(dense(x), axis)


def flatten(x: Any) -> Any:
    """One axis."""
    return dense(x).reshape(-1)


def batch_flatten(x: Any) -> Any:
    """The batch, and one axis."""
    x = dense(x)
    return x.reshape(layouts.batch_flatten(x.shape))


def stack(x: Sequence[Any], axis: int) -> Any:
    """Tensors along a new axis."""
    dtype = dense(next((tensor for tensor in x if is_given(tensor)), x[0])).dtype
    return np.stack([like(tensor, dtype) for tensor in x], axis)
