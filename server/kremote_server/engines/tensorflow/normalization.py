"""Normalization, and the bias of a layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from .operands import dense, like, pair


def batch_normalization(x: Any, mean: Any, var: Any, beta: Any, gamma: Any, axis: int, epsilon: float) -> Any:
    """Elements by given statistics."""
    x = dense(x)
    statistics = _of_one_dtype([mean, var, beta, gamma], x.dtype)
    if x.shape.rank == 4 and axis in (1, 3, -3, -1):
        lengths = [1, 1, 1, 1]
        lengths[axis] = -1
        statistics = [None if given is None else tf.reshape(given, lengths) for given in statistics]
    mean, var, beta, gamma = statistics
    return tf.nn.batch_normalization(x, mean, var, beta, gamma, epsilon)


def _of_one_dtype(statistics: Sequence[Any], default: tf.DType) -> list[Any]:
    """Statistics of the dtype that a tensor among them has; they may be more precise than what they normalize."""
    dtype = next((given.dtype for given in statistics if tf.is_tensor(given)), default)
    return [None if given is None else like(given, dtype) for given in statistics]


def normalize_batch_in_training(x: Any, gamma: Any, beta: Any, reduction_axes: Sequence[int], epsilon: float) -> Any:
    """Elements by the statistics of their batch."""
    x, axes = dense(x), list(reduction_axes)
    mean, var = tf.nn.moments(x, axes, keepdims=True)
    gamma, beta = (
        None if given is None else tf.reshape(like(given, x.dtype), tf.shape(mean)) for given in (gamma, beta)
    )
    normalized = tf.nn.batch_normalization(x, mean, var, beta, gamma, epsilon)
    # The kernel that Keras has for images, in this order of axes, answers with the sample's variance.
    if x.shape.rank == 4 and axes == [0, 1, 2]:
        count = tf.cast(tf.reduce_prod(tf.shape(x, tf.int64)[:3]), tf.float64)
        var *= tf.cast(count / tf.maximum(count - 1, 1), var.dtype)
    return [normalized, *(tf.reduce_sum(kept, axes) for kept in (mean, var))]  # sums over axes of length 1


def l2_normalize(x: Any, axis: int | Sequence[int] | None) -> Any:
    """Elements scaled to a norm of 1."""
    return tf.linalg.l2_normalize(dense(x), axis)


def bias_add(x: Any, bias: Any, data_format: str) -> Any:
    """Sum of a batch and a bias."""
    x, bias = pair(x, bias)
    first = data_format == "channels_first"
    if bias.shape.rank not in (None, 1):
        lengths = tf.shape(bias)
        return x + (tf.reshape(bias, tf.concat([lengths[-1:], lengths[:-1]], 0)) if first else bias)
    if not first:
        return tf.nn.bias_add(x, bias)
    return x + tf.reshape(bias, tf.concat([[-1], tf.ones([tf.rank(x) - 2], tf.int32)], 0))
