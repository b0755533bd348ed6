"""Losses: cross entropies."""

from __future__ import annotations

from typing import Any

import numpy as np

from kremote_proto.dtypes import dtype_name
from kremote_proto.errors import InvalidValue
from kremote_proto.tensors import Array

from .nn import log_softmax, sigmoid, softmax
from .operands import as_dtype, dense, is_given, like, pair


def binary_crossentropy(target: Any, output: Any, from_logits: bool, epsilon: float) -> Any:
    """Cross entropy of yes and no."""
    output, target = pair(output, target)
    if from_logits:
        return np.maximum(output, 0) - output * target + np.log1p(np.exp(-np.abs(output)))
    output, bound = _clipped(output, epsilon), np.asarray(epsilon, output.dtype)
    return -(target * np.log(output + bound) + (1 - target) * np.log(1 - output + bound))


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
    probability = sigmoid(output) if from_logits else output
    right = target * probability + (1 - target) * (1 - probability)
    loss = np.power(1 - right, like(gamma, right.dtype)) * binary_crossentropy(target, output, from_logits, epsilon)
    balance = like(alpha, target.dtype)
    return (target * balance + (1 - target) * (1 - balance)) * loss if apply_class_balancing else loss


def categorical_crossentropy(target: Any, output: Any, from_logits: bool, axis: int, epsilon: float) -> Any:
    """Cross entropy of distributions."""
    if from_logits and is_given(output):
        target = as_dtype(target, dtype_name(dense(output).dtype))
    output, target = pair(output, target)
    logarithms = log_softmax(output, axis) if from_logits else np.log(_distribution(output, axis, epsilon))
    return -np.sum(np.where(target == 0, target, target * logarithms), axis)


def categorical_focal_crossentropy(
    target: Any, output: Any, alpha: Any, gamma: Any, from_logits: bool, axis: int, epsilon: float
) -> Any:
    """Cross entropy of distributions, less of what is certain."""
    output, target = pair(output, target)
    output = _distribution(softmax(output, axis) if from_logits else output, axis, epsilon)
    weight = like(alpha, output.dtype) * np.power(1 - output, like(gamma, output.dtype))
    return -np.sum(weight * target * np.log(output), axis)


def sparse_categorical_crossentropy(
    target: Any, output: Any, from_logits: bool, axis: int, ignore_class: int | None, epsilon: float
) -> Any:
    """Cross entropy of classes by number."""
    output, target = dense(output), as_dtype(target, "int64")
    logits = np.moveaxis(output if from_logits else np.log(_clipped(output, epsilon)), axis % output.ndim, -1)
    if target.ndim != logits.ndim - 1:
        logits = logits[np.newaxis] if logits.ndim == 1 else logits
        target = target.reshape(logits.shape[:-1])
    counts = np.ones(target.shape, bool) if ignore_class is None else target != ignore_class
    target = np.where(counts, target, 0)
    if ((target < 0) | (target >= logits.shape[-1])).any():
        raise InvalidValue(f"expected classes from 0 to {logits.shape[-1] - 1}; got one outside")
    loss = -np.take_along_axis(log_softmax(logits, -1), target[..., np.newaxis], -1)[..., 0]
    return np.where(counts, loss, np.zeros((), loss.dtype))


def _distribution(output: Array, axis: int, epsilon: float) -> Array:
    """Probabilities that sum to 1, kept away from 0 and 1."""
    return _clipped(output / np.sum(output, axis, keepdims=True), epsilon)


def _clipped(output: Array, epsilon: float) -> Array:
    """Probabilities kept away from 0 and 1."""
    bound = np.asarray(epsilon, output.dtype)
    result: Array = np.minimum(np.maximum(output, bound), 1 - bound)  # clip makes bfloat16 float32
    return result
