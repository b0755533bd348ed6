"""Comparisons of elements and logic on booleans and bits."""

from __future__ import annotations

from typing import Any

import numpy as np

from .operands import as_dtype, dense, pair


def equal(x: Any, y: Any) -> Any:
    """Whether elements are equal."""
    return np.equal(*pair(x, y)).astype(bool)


def not_equal(x: Any, y: Any) -> Any:
    """Whether elements differ."""
    return np.not_equal(*pair(x, y)).astype(bool)


def less(x: Any, y: Any) -> Any:
    """Less than."""
    return np.less(*pair(x, y))


def less_equal(x: Any, y: Any) -> Any:
    """At most."""
    return np.less_equal(*pair(x, y))


def greater(x: Any, y: Any) -> Any:
    """Greater than."""
    return np.greater(*pair(x, y))


def greater_equal(x: Any, y: Any) -> Any:
    """At least."""
    return np.greater_equal(*pair(x, y))


lt, le, gt, ge = less, less_equal, greater, greater_equal


def and_(x: Any, y: Any) -> Any:
    """And."""
    return np.bitwise_and(*pair(x, y))


def or_(x: Any, y: Any) -> Any:
    """Or."""
    return np.bitwise_or(*pair(x, y))


def xor(x: Any, y: Any) -> Any:
    """Exclusive or."""
    return np.bitwise_xor(*pair(x, y))


def invert(x: Any) -> Any:
    """Not."""
    return np.invert(dense(x))


def in_top_k(predictions: Any, targets: Any, k: int) -> Any:
    """Whether classes are among those with the largest predictions."""
    predictions, targets = dense(predictions), as_dtype(targets, "int64")
    chosen = targets[:, np.newaxis] == np.arange(predictions.shape[1])
    prediction = np.sum(np.where(chosen, predictions, np.zeros((), predictions.dtype)), 1, keepdims=True)
    comparable = chosen.any(1) & np.isfinite(predictions).all(1)
    return comparable & (np.count_nonzero(predictions > prediction, 1) < k)
