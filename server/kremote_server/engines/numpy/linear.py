"""Linear algebra: products of tensors, transposition, lookup of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kremote_proto.errors import InvalidValue
from kremote_proto.tensors import Array

from .operands import as_indices, dense, is_sparse, like, pair


def dot(x: Any, y: Any) -> Any:
    """The product over the last axis of x and the second-to-last of y."""
    if is_sparse(x):
        x = x.to_dense()
        return x @ like(y, x.dtype)
    return np.dot(*pair(x, y))


def batch_dot(x: Any, y: Any, axes: int | Sequence[int] | None) -> Any:
    """The product of each sample: x as (batch, rest, summed) by y as (batch, summed, rest)."""
    x, y = pair(x, y)
    if axes is None:
        x_axis, y_axis = x.ndim - 1, y.ndim - 1 if y.ndim == 2 else y.ndim - 2
    else:
        x_axis, y_axis = (axes, axes) if isinstance(axes, int) else axes
    x, x_rest = _summed_last(x, x_axis)
    y, y_rest = _summed_last(y, y_axis)
    product = (x @ np.swapaxes(y, 1, 2)).astype(x.dtype)  # numpy multiplies bfloat16 as float32
    return product.reshape(len(product), *(x_rest + y_rest or (1,)))


def _summed_last(x: Array, axis: int) -> tuple[Array, tuple[int, ...]]:
    """A batch as (batch, rest, summed), and the lengths of its rest."""
    x = np.moveaxis(x, axis, -1)
    rest = x.shape[1:-1]
    return x.reshape(x.shape[0], int(np.prod(rest)), x.shape[-1]), rest


def transpose(x: Any) -> Any:
    """The axes in reverse order."""
    return np.transpose(dense(x))


def gather(reference: Any, indices: Any) -> Any:
    """Rows."""
    reference, indices = dense(reference), as_indices(indices)
    wrong = indices[(indices < 0) | (indices >= len(reference))]
    if wrong.size:
        raise InvalidValue(f"indices[...] = {wrong.flat[0]} is not in [0, {len(reference)})")
    return reference[indices]
