"""Activations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kremote_proto.tensors import Array

from .operands import axes, dense, like


def relu(x: Any, alpha: float, max_value: float | None, threshold: float) -> Any:
    """Rectified linear units."""
    x = dense(x)
    if alpha != 0 and max_value is None and threshold == 0 and x.dtype.kind in "iu":
        x = x.astype("float32")
    result = np.where(x > threshold, x, np.zeros((), x.dtype))
    if max_value is not None:
        result = np.minimum(result, np.maximum(np.asarray(max_value, x.dtype), np.zeros((), x.dtype)))
    if alpha == 0:
        return result
    below = np.maximum(np.asarray(threshold, x.dtype) - x, np.zeros((), x.dtype))
    return result - np.asarray(alpha, x.dtype) * below


def elu(x: Any, alpha: Any) -> Any:
    """Exponential linear units."""
    x = dense(x)
    return np.where(x > 0, x, like(alpha, x.dtype) * np.expm1(x))


def hard_sigmoid(x: Any) -> Any:
    """Logistic function in three straight pieces."""
    x = dense(x)
    zero, one, slope, middle = np.array([0, 1, 0.2, 0.5]).astype(x.dtype)
    return np.minimum(np.maximum(slope * x + middle, zero), one)


def softplus(x: Any) -> Any:
    """Smooth rectifier."""
    x = dense(x)
    return np.logaddexp(x.dtype.type(0), x) if x.dtype.kind == "f" else np.log1p(np.exp(x))


def softsign(x: Any) -> Any:
    """Elements by one more than their sizes."""
    x = dense(x)
    return x / (np.abs(x) + np.ones((), x.dtype))


def sigmoid(x: Any) -> Any:
    """Logistic function."""
    x = dense(x)
    one = np.ones((), x.dtype)
    return one / (one + np.exp(-x))


def tanh(x: Any) -> Any:
    """Hyperbolic tangent."""
    return np.tanh(dense(x))


def softmax(x: Any, axis: int | Sequence[int] | None) -> Any:
    """Exponentials that sum to 1."""
    return np.exp(log_softmax(dense(x), axis))


def log_softmax(x: Array, axis: int | Sequence[int] | None) -> Array:
    """The logarithms of exponentials that sum to 1."""
    x = x - np.max(x, axes(axis), keepdims=True, initial=-np.inf)
    result: Array = x - np.log(np.sum(np.exp(x), axes(axis), keepdims=True))
    return result
