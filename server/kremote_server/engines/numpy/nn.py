"""Activations and losses of neural networks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kremote_proto.tensors import Array

from .operands import axes, dense, pair


def relu(x: Any, alpha: float, max_value: float | None, threshold: float) -> Any:
    """Rectified linear units."""
    x = dense(x)
    result = np.where(x > threshold, x, np.zeros((), x.dtype))
    if max_value is not None:
        result = np.minimum(result, np.maximum(np.asarray(max_value, x.dtype), np.zeros((), x.dtype)))
    if alpha == 0:
        return result
    below = np.maximum(np.asarray(threshold, x.dtype) - x, np.zeros((), x.dtype))
    return result - np.asarray(alpha, x.dtype) * below


def sigmoid(x: Any) -> Any:
    """Logistic function."""
    x = dense(x)
    return 1 / (1 + np.exp(-x)) if x.dtype.kind == "c" else np.exp(-np.logaddexp(np.zeros((), x.dtype), -x))


def tanh(x: Any) -> Any:
    """Hyperbolic tangent."""
    return np.tanh(dense(x))


def softmax(x: Any, axis: int | Sequence[int]) -> Any:
    """Exponentials that sum to 1."""
    return np.exp(log_softmax(dense(x), axis))


def log_softmax(x: Array, axis: int | Sequence[int]) -> Array:
    """The logarithms of exponentials that sum to 1."""
    x = x - np.max(x, axes(axis), keepdims=True, initial=-np.inf)
    result: Array = x - np.log(np.sum(np.exp(x), axes(axis), keepdims=True))
    return result


def categorical_crossentropy(target: Any, output: Any, from_logits: bool, axis: int, epsilon: float) -> Any:
    """Cross entropy of distributions."""
    output, target = pair(output, target)
    if from_logits:
        logarithms = log_softmax(output, axis)
    else:
        logarithms = np.log(clipped(output / np.sum(output, axis, keepdims=True), epsilon))
    return -np.sum(np.where(target == 0, target, target * logarithms), axis)


def clipped(output: Array, epsilon: float) -> Array:
    """Probabilities kept away from 0 and 1."""
    bound = np.asarray(epsilon, output.dtype)
    result: Array = np.minimum(np.maximum(output, bound), 1 - bound)  # clip makes bfloat16 float32
    return result
