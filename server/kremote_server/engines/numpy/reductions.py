"""Reductions over axes, and running sums and products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kremote_proto.tensors import Array

from .operands import as_dtype, as_floats, axes, dense

Axis = int | Sequence[int] | None


def max(x: Any, axis: Axis, keepdims: bool) -> Any:
    """Largest elements; of none, the least there is."""
    x = dense(x)
    return np.max(x, axes(axis), keepdims=keepdims, initial=_least(x.dtype))


def min(x: Any, axis: Axis, keepdims: bool) -> Any:
    """Smallest elements; of none, the largest there is."""
    x = dense(x)
    return np.min(x, axes(axis), keepdims=keepdims, initial=_largest(x.dtype))


def _least(dtype: np.dtype[Any]) -> Any:
    return np.iinfo(dtype).min if dtype.kind in "iu" else -np.inf


def _largest(dtype: np.dtype[Any]) -> Any:
    return np.iinfo(dtype).max if dtype.kind in "iu" else np.inf


def sum(x: Any, axis: Axis, keepdims: bool) -> Any:
    """Sums."""
    x = dense(x)
    return np.sum(x, axes(axis), x.dtype, keepdims=keepdims)


def prod(x: Any, axis: Axis, keepdims: bool) -> Any:
    """Products."""
    x = dense(x)
    return np.prod(x, axes(axis), x.dtype, keepdims=keepdims)


def mean(x: Any, axis: Axis, keepdims: bool, floatx: str) -> Any:
    """Means; of integers rounded towards zero. Of nothing NaN for floats and 0 for others, as TensorFlow has it."""
    x = as_floats(x, floatx)
    result = _mean(x, axis, keepdims)
    if x.size == 0 and x.dtype.kind in "iuc":
        result = np.zeros_like(result)
    return (np.trunc(result) if x.dtype.kind in "iu" else result).astype(x.dtype)


def var(x: Any, axis: Axis, keepdims: bool, floatx: str) -> Any:
    """Population variances."""
    x = as_floats(x, floatx)
    deviations = np.abs(x - _mean(x, axis, True).astype(x.dtype))
    return _mean(np.square(deviations), axis, keepdims).astype(deviations.dtype)


def _mean(x: Array, axis: Axis, keepdims: bool) -> Array:
    """Means in a dtype that holds the sums; of nothing NaN, without numpy's warning."""
    wide = np.result_type(x, "float32") if x.dtype.kind in "fcV" else np.dtype("float64")
    total: Array = np.asarray(np.sum(x, axes(axis), wide, keepdims=keepdims))
    count = x.size // total.size if total.size else 0
    result: Array = total / np.asarray(count, total.real.dtype)
    return result


def cumsum(x: Any, axis: int) -> Any:
    """Running sums."""
    x = dense(x)
    return np.cumsum(x, axis, x.dtype)


def cumprod(x: Any, axis: int) -> Any:
    """Running products."""
    x = dense(x)
    return np.cumprod(x, axis, x.dtype)


def argmax(x: Any, axis: int | None) -> Any:
    """Where the largest elements are."""
    return np.argmax(dense(x), 0 if axis is None else axis).astype("int64")


def argmin(x: Any, axis: int | None) -> Any:
    """Where the smallest elements are."""
    return np.argmin(dense(x), 0 if axis is None else axis).astype("int64")


def std(x: Any, axis: Axis, keepdims: bool, floatx: str) -> Any:
    """Standard deviations."""
    return np.sqrt(var(x, axis, keepdims, floatx))


def any(x: Any, axis: Axis, keepdims: bool) -> Any:
    """Whether any element is true."""
    return np.any(as_dtype(x, "bool"), axes(axis), keepdims=keepdims)


def all(x: Any, axis: Axis, keepdims: bool) -> Any:
    """Whether all elements are true."""
    return np.all(as_dtype(x, "bool"), axes(axis), keepdims=keepdims)


def logsumexp(x: Any, axis: Axis, keepdims: bool) -> Any:
    """Logarithms of sums of exponentials."""
    x = dense(x)
    largest = np.max(x, axes(axis), keepdims=True, initial=-np.inf)
    largest = np.where(np.isfinite(largest), largest, np.zeros((), x.dtype))
    sums = np.sum(np.exp(x - largest), axes(axis), keepdims=keepdims)
    return np.log(sums) + largest.reshape(sums.shape)
