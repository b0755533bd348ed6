"""The NumPy forms the page gives for 22 functions (N1 to N22), as it prints them: what K's results are held against."""

# ruff: noqa: B008  a call as a default is how the page writes it

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any


def floatx() -> str:
    return "float32"


def int_shape(x: Array) -> Any:
    return x.shape


def ndim(x: Array) -> Any:
    return x.ndim


def dtype(x: Array) -> Any:
    return x.dtype.name


def eval(x: Array) -> Any:
    return x


def zeros(shape: Any, dtype: Any = floatx(), name: Any = None) -> Array:
    return np.zeros(shape, dtype=dtype)


def ones(shape: Any, dtype: Any = floatx(), name: Any = None) -> Array:
    return np.ones(shape, dtype=dtype)


def eye(size: Any, dtype: Any = None, name: Any = None) -> Array:
    if isinstance(size, list | tuple):
        n, m = size
    else:
        n, m = size, size
    return np.eye(n, m, dtype=dtype)


def zeros_like(x: Array, dtype: Any = floatx(), name: Any = None) -> Array:
    return np.zeros_like(x, dtype=dtype)


def ones_like(x: Array, dtype: Any = floatx(), name: Any = None) -> Array:
    return np.ones_like(x, dtype=dtype)


def random_uniform_variable(
    shape: Any, low: Any, high: Any, dtype: Any = None, name: Any = None, seed: Any = None
) -> Array:
    return (high - low) * np.random.random(shape).astype(dtype) + low


def random_normal_variable(
    shape: Any, mean: Any, scale: Any, dtype: Any = None, name: Any = None, seed: Any = None
) -> Array:
    return scale * np.random.randn(*shape).astype(dtype) + mean


def count_params(x: Array) -> Any:
    return x.size


def dot(x: Array, y: Array) -> Array:
    return np.dot(x, y)


def transpose(x: Array) -> Array:
    return np.transpose(x)


def gather(reference: Array, indices: Any) -> Array:
    return reference[indices]


def max(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    if isinstance(axis, list):
        axis = tuple(axis)
    return np.max(x, axis=axis, keepdims=keepdims)


def min(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    if isinstance(axis, list):
        axis = tuple(axis)
    return np.min(x, axis=axis, keepdims=keepdims)


def sum(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    if isinstance(axis, list):
        axis = tuple(axis)
    return np.sum(x, axis=axis, keepdims=keepdims)


def prod(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    if isinstance(axis, list):
        axis = tuple(axis)
    return np.prod(x, axis=axis, keepdims=keepdims)


def cumsum(x: Array, axis: int = 0) -> Array:
    return np.cumsum(x, axis=axis)


def cumprod(x: Array, axis: int = 0) -> Array:
    return np.cumprod(x, axis=axis)


def var(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    if isinstance(axis, list):
        axis = tuple(axis)
    return np.var(x, axis=axis, keepdims=keepdims)
