"""Reductions over axes, and running sums and products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from .operands import dense

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


def _countable(x: Any, floatx: str) -> Any:
    x = dense(x)
    return tf.cast(x, floatx) if x.dtype == tf.bool else x


def cumsum(x: Any, axis: int) -> Any:
    """Running sums."""
    return tf.cumsum(dense(x), axis)


def cumprod(x: Any, axis: int) -> Any:
    """Running products."""
    return tf.math.cumprod(dense(x), axis)


def argmax(x: Any, axis: int | None) -> Any:
    """Where the largest elements are."""
    return tf.argmax(dense(x), 0 if axis is None else axis)
