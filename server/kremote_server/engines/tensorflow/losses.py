"""Losses: cross entropies."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from .nn import softmax
from .operands import as_dtype, dense, like, pair


def binary_crossentropy(target: Any, output: Any, from_logits: bool, epsilon: float) -> Any:
    """Cross entropy of yes and no."""
    output, target = pair(output, target)
    if from_logits:
        return tf.nn.sigmoid_cross_entropy_with_logits(target, output)
    output = _clipped(output, epsilon)
    return -(target * tf.math.log(output + epsilon) + (1 - target) * tf.math.log(1 - output + epsilon))


def binary_focal_crossentropy(
    target: Any,
    output: Any,
    apply_class_balancing: bool,
    alpha: Any,
    gamma: Any,
    from_logits: bool,
    epsilon: float,
) -> Any:
    """Cross entropy of yes and no, less of what is certain."""
    output, target = pair(output, target)
    probability = tf.sigmoid(output) if from_logits else output
    right = target * probability + (1 - target) * (1 - probability)
    loss = tf.pow(1 - right, like(gamma, right.dtype)) * binary_crossentropy(target, output, from_logits, epsilon)
    if not apply_class_balancing:
        return loss
    alpha = like(alpha, target.dtype)
    return (target * alpha + (1 - target) * (1 - alpha)) * loss


def categorical_crossentropy(target: Any, output: Any, from_logits: bool, axis: int, epsilon: float) -> Any:
    """Cross entropy of distributions."""
    if from_logits and tf.is_tensor(output):
        target = as_dtype(target, output.dtype.name)
    output, target = pair(output, target)
    if from_logits:
        # softmax_cross_entropy_with_logits has a wrong gradient for targets that do not sum to 1.
        return -tf.reduce_sum(tf.math.multiply_no_nan(_log_softmax(output, axis), target), axis)
    return -tf.reduce_sum(target * tf.math.log(_distribution(output, axis, epsilon)), axis)


def _log_softmax(logits: Any, axis: int) -> Any:
    if axis == -1 or logits.shape.rank is not None:
        return tf.nn.log_softmax(logits, axis)
    return logits - tf.reduce_logsumexp(logits, axis, keepdims=True)  # TensorFlow's asks for the rank


def categorical_focal_crossentropy(
    target: Any, output: Any, alpha: Any, gamma: Any, from_logits: bool, axis: int, epsilon: float
) -> Any:
    """Cross entropy of distributions, less of what is certain."""
    output, target = pair(output, target)
    output = _distribution(softmax(output, axis) if from_logits else output, axis, epsilon)
    weight = like(alpha, output.dtype) * tf.pow(1 - output, like(gamma, output.dtype))
    return -tf.reduce_sum(weight * target * tf.math.log(output), axis)


def sparse_categorical_crossentropy(
    target: Any, output: Any, from_logits: bool, axis: int, ignore_class: int | None, epsilon: float
) -> Any:
    """Cross entropy of classes by number."""
    output, target = dense(output), as_dtype(target, "int64")
    logits = _classes_last(output if from_logits else tf.math.log(_clipped(output, epsilon)), axis)
    if None not in (target.shape.rank, logits.shape.rank) and target.shape.rank != logits.shape.rank - 1:
        logits = logits[tf.newaxis] if logits.shape.rank == 1 else logits
        target = tf.reshape(target, tf.shape(logits)[:-1])
    if ignore_class is None:
        return tf.nn.sparse_softmax_cross_entropy_with_logits(target, logits)
    counts = tf.not_equal(target, ignore_class)
    # What does not count is made harmless before: its gradient is 0 times whatever it was.
    logits = tf.where(counts[..., tf.newaxis], logits, tf.zeros([], logits.dtype))
    loss = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.where(counts, target, 0), logits)
    return tf.where(counts, loss, tf.zeros([], loss.dtype))


def _classes_last(output: Any, axis: int) -> Any:
    if axis == -1:
        return output
    rank = tf.rank(output) if output.shape.rank is None else output.shape.rank
    axis %= rank
    return tf.transpose(output, tf.concat([tf.range(axis), tf.range(axis + 1, rank), [axis]], 0))


def _distribution(output: Any, axis: int, epsilon: float) -> Any:
    """Probabilities that sum to 1, kept away from 0 and 1."""
    return _clipped(output / tf.reduce_sum(output, axis, keepdims=True), epsilon)


def _clipped(output: Any, epsilon: float) -> Any:
    """Probabilities kept away from 0 and 1."""
    bound = tf.constant(epsilon, output.dtype)
    return tf.clip_by_value(output, bound, 1 - bound)
