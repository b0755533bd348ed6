"""Reductions over axes, and running sums and products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from .operands import as_dtype, dense

Axis = int | Sequence[int] | None


def max(x: Any, axis: Axis, keepdims: bool) -> Any:
    """Largest elements."""
    return tf.reduce_max(dense(x), axis, keepdims)


def min(x: Any, axis: Axis, keepdims: bool) -> Any:
    """Smallest elements."""
    return tf.reduce_min(dense(x), axis, keepdims)


def sum(x: Any, axis: Axis, keepdims: bool) -> Any:
    """Sums."""
    return tf.reduce_sum(dense(x), axis, keepdims)


def prod(x: Any, axis: Axis, keepdims: bool) -> Any:
    """Products."""
    return tf.reduce_prod(dense(x), axis, keepdims)


def mean(x: Any, axis: Axis, keepdims: bool, floatx: str) -> Any:
    """Means."""
    return tf.reduce_mean(_countable(x, floatx), axis, keepdims)


def var(x: Any, axis: Axis, keepdims: bool, floatx: str) -> Any:
    """Population variances."""
    return tf.math.reduce_variance(_countable(x, floatx), axis, keepdims)


def std(x: Any, axis: Axis, keepdims: bool, floatx: str) -> Any:
    """Population standard deviations."""
    return tf.math.reduce_std(_countable(x, floatx), axis, keepdims)


def _countable(x: Any, floatx: str) -> Any:
    x = dense(x)
    return tf.cast(x, floatx) if x.dtype == tf.bool else x


def logsumexp(x: Any, axis: Axis, keepdims: bool) -> Any:
    """Logarithms of sums of exponentials."""
    return tf.reduce_logsumexp(dense(x), axis, keepdims)


def any(x: Any, axis: Axis, keepdims: bool) -> Any:
    """Whether any element is true."""
    return tf.reduce_any(as_dtype(x, "bool"), axis, keepdims)


def all(x: Any, axis: Axis, keepdims: bool) -> Any:
    """Whether all elements are true."""
    return tf.reduce_all(as_dtype(x, "bool"), axis, keepdims)


def cumsum(x: Any, axis: int) -> Any:
    """Running sums."""
    return tf.cumsum(dense(x), axis)


def cumprod(x: Any, axis: int) -> Any:
    """Running products."""
    return tf.math.cumprod(dense(x), axis)


def argmax(x: Any, axis: int | None) -> Any:
    """Where the largest elements are."""
    return tf.argmax(dense(x), 0 if axis is None else axis)


def argmin(x: Any, axis: int | None) -> Any:
    """Where the smallest elements are."""
    return tf.argmin(dense(x), 0 if axis is None else axis)
