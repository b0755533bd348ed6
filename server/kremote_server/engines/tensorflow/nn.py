"""Activations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from .operands import dense, like


def relu(x: Any, alpha: float, max_value: float | None, threshold: float) -> Any:
    """Rectified linear units."""
    x = dense(x)
    # leaky_relu makes integers float32, as K does. It rounds alpha to float32, whatever the dtype of x.
    if alpha != 0 and max_value is None and threshold == 0 and x.dtype != tf.float64:
        return tf.nn.leaky_relu(x, alpha)
    below = tf.nn.relu(_number(threshold, x) - x) if alpha != 0 else None
    result = tf.nn.relu(x) if threshold == 0 else tf.where(x > _number(threshold, x), x, tf.zeros([], x.dtype))
    if max_value is not None:
        result = tf.clip_by_value(result, tf.zeros([], x.dtype), _number(max_value, x))
    return result if below is None else result - _number(alpha, x) * below


def _number(number: float, x: Any) -> Any:
    whole = x.dtype.is_integer and float(number).is_integer()
    return like(int(number) if whole else number, x.dtype)


def elu(x: Any, alpha: Any) -> Any:
    """Exponential linear units."""
    x = dense(x)
    result = tf.nn.elu(x)
    return result if not tf.is_tensor(alpha) and alpha == 1 else tf.where(x > 0, result, like(alpha, x.dtype) * result)


def hard_sigmoid(x: Any) -> Any:
    """Logistic function in three straight pieces."""
    x = dense(x)
    return tf.clip_by_value(0.2 * x + 0.5, 0, 1)


def softplus(x: Any) -> Any:
    """Smooth rectifier."""
    return tf.math.softplus(dense(x))


def softsign(x: Any) -> Any:
    """Elements by one more than their sizes."""
    return tf.math.softsign(dense(x))


def sigmoid(x: Any) -> Any:
    """Logistic function."""
    return tf.sigmoid(dense(x))


def tanh(x: Any) -> Any:
    """Hyperbolic tangent."""
    return tf.tanh(dense(x))


def softmax(x: Any, axis: int | Sequence[int] | None) -> Any:
    """Exponentials that sum to 1."""
    x = dense(x)
    if isinstance(axis, int) and (axis == -1 or x.shape.rank is not None):
        return tf.nn.softmax(x, axis)
    exponentials = tf.exp(x - tf.reduce_max(x, axis, keepdims=True))
    return exponentials / tf.reduce_sum(exponentials, axis, keepdims=True)
