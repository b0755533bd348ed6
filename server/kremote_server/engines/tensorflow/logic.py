"""Comparisons of elements and logic on booleans and bits."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from .operands import as_dtype, dense, pair


def equal(x: Any, y: Any) -> Any:
    """Whether elements are equal."""
    return tf.equal(*pair(x, y))


def not_equal(x: Any, y: Any) -> Any:
    """Whether elements differ."""
    return tf.not_equal(*pair(x, y))


def less(x: Any, y: Any) -> Any:
    """Less than."""
    return tf.less(*pair(x, y))


def less_equal(x: Any, y: Any) -> Any:
    """At most."""
    return tf.less_equal(*pair(x, y))


def greater(x: Any, y: Any) -> Any:
    """Greater than."""
    return tf.greater(*pair(x, y))


def greater_equal(x: Any, y: Any) -> Any:
    """At least."""
    return tf.greater_equal(*pair(x, y))


lt, le, gt, ge = less, less_equal, greater, greater_equal


def and_(x: Any, y: Any) -> Any:
    """And."""
    x, y = pair(x, y)
    return tf.logical_and(x, y) if x.dtype == tf.bool else tf.bitwise.bitwise_and(x, y)


def or_(x: Any, y: Any) -> Any:
    """Or."""
    x, y = pair(x, y)
    return tf.logical_or(x, y) if x.dtype == tf.bool else tf.bitwise.bitwise_or(x, y)


def xor(x: Any, y: Any) -> Any:
    """Exclusive or."""
    x, y = pair(x, y)
    return tf.math.logical_xor(x, y) if x.dtype == tf.bool else tf.bitwise.bitwise_xor(x, y)


def invert(x: Any) -> Any:
    """Not."""
    x = dense(x)
    return tf.logical_not(x) if x.dtype == tf.bool else tf.bitwise.invert(x)


def in_top_k(predictions: Any, targets: Any, k: int) -> Any:
    """Whether classes are among those with the largest predictions."""
    # TensorFlow's kernel is of float32 alone.
    predictions, targets = dense(predictions), as_dtype(targets, "int64")
    chosen = tf.equal(targets[:, tf.newaxis], tf.range(tf.shape(predictions, tf.int64)[1]))
    prediction = tf.reduce_sum(tf.where(chosen, predictions, tf.zeros([], predictions.dtype)), 1, keepdims=True)
    larger = tf.math.count_nonzero(predictions > prediction, 1)
    comparable = tf.reduce_any(chosen, 1) & tf.reduce_all(tf.math.is_finite(predictions), 1)
    return comparable & (larger < k)
