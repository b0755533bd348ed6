"""Shapes: asking for them, changing them, joining tensors."""

from __future__ import annotations

import builtins
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kremote_proto.errors import InvalidValue
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
    return np.reshape(dense(x), lengths(shape))


def concatenate(tensors: Sequence[Any], axis: int) -> Any:
    """The tensors joined; sparse when all are."""
    if not tensors:
        raise InvalidValue("expected at least one tensor; got an empty list")
    if all(is_sparse(tensor) for tensor in tensors):
        return _joined(tensors, axis % len(tensors[0].shape))
    dtype = dense(to_dense(next((tensor for tensor in tensors if is_given(tensor)), tensors[0]))).dtype
    return np.concatenate([like(to_dense(t) if is_sparse(t) else t, dtype) for t in tensors], axis)


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
    return x.reshape(len(x), math.prod(x.shape[1:]))


def permute_dimensions(x: Any, pattern: Sequence[int]) -> Any:
    """The axes in another order."""
    return np.transpose(dense(x), pattern)


def repeat(x: Any, n: int) -> Any:
    """A matrix over time."""
    return np.repeat(dense(x)[:, np.newaxis], n, 1)


def repeat_elements(x: Any, rep: int, axis: int) -> Any:
    """Each element several times."""
    return np.repeat(dense(x), rep, axis)


def reverse(x: Any, axes: Any) -> Any:
    """Axes in the other direction."""
    return np.flip(dense(x), tuple(axes) if isinstance(axes, list | tuple) else axes)


def slice(x: Any, start: Any, size: Any) -> Any:
    """A part, by where it starts and how long it is; -1 is the rest."""
    x = dense(x)
    bounds = zip(lengths(start), lengths(size), x.shape, strict=True)
    return x[tuple(builtins.slice(first, length if count == -1 else first + count) for first, count, length in bounds)]


def stack(x: Sequence[Any], axis: int) -> Any:
    """Tensors along a new axis."""
    dtype = dense(next((tensor for tensor in x if is_given(tensor)), x[0])).dtype
    return np.stack([like(tensor, dtype) for tensor in x], axis)


def tile(x: Any, n: Any) -> Any:
    """A tensor several times along each axis."""
    return np.tile(dense(x), n if isinstance(n, int) else lengths(n))
