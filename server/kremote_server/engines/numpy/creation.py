"""Tensors made from nothing or in the likeness of another."""

from __future__ import annotations

from typing import Any

import numpy as np

from .operands import as_dtype, dense, is_sparse, lengths, numpy_dtype


def constant(value: Any, dtype: str, shape: Any, name: str | None) -> Any:
    """A tensor of a dtype, arranged in a shape."""
    array = as_dtype(value, dtype)
    if shape is None:
        return array
    return np.full(lengths(shape), array.reshape(())[()]) if array.size == 1 else array.reshape(lengths(shape))


def zeros_like(x: Any, dtype: str | None, name: str | None) -> Any:
    """Zeros in the shape of a tensor."""
    x = dense(x)
    wanted = numpy_dtype(dtype) if dtype else x.dtype
    return np.full(x.shape, b"", object) if wanted.kind == "O" else np.zeros(x.shape, wanted)


def ones_like(x: Any, dtype: str | None, name: str | None) -> Any:
    """Ones in the shape of a tensor."""
    x = dense(x)
    return np.ones(x.shape, numpy_dtype(dtype) if dtype else x.dtype)


def identity(x: Any, name: str | None) -> Any:
    """The same value."""
    return x if is_sparse(x) else dense(x)


def cast(x: Any, dtype: str) -> Any:
    """The elements as another dtype."""
    if is_sparse(x):
        return type(x)(x.indices, as_dtype(x.values, dtype), x.shape)
    return as_dtype(x, dtype)


def to_dense(tensor: Any) -> Any:
    """The dense form; entries with the same index add up."""
    return tensor.to_dense() if is_sparse(tensor) else dense(tensor)
