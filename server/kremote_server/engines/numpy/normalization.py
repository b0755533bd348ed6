"""Normalization, and the bias of a layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kremote_proto.tensors import Array

from .operands import axes, dense, is_given, like, pair


def batch_normalization(x: Any, mean: Any, var: Any, beta: Any, gamma: Any, axis: int, epsilon: float) -> Any:
    """Elements by given statistics."""
    x = dense(x)
    # They may be more precise than what they normalize.
    dtype = next((dense(given).dtype for given in (mean, var, beta, gamma) if is_given(given)), x.dtype)
    statistics = [None if given is None else like(given, dtype) for given in (mean, var, beta, gamma)]
    if x.ndim == 4 and axis in (1, 3, -3, -1):
        lengths = [1, 1, 1, 1]
        lengths[axis] = -1
        statistics = [None if given is None else given.reshape(lengths) for given in statistics]
    mean, var, beta, gamma = statistics
    return _normalized(x, mean, var, beta, gamma, epsilon)


def _normalized(x: Array, mean: Any, var: Any, beta: Any, gamma: Any, epsilon: float) -> Array:
    """Elements by statistics, scaled by gamma and moved by beta where there are such."""
    scale = 1 / np.sqrt(var + np.asarray(epsilon, var.dtype))
    scale = scale if gamma is None else scale * gamma
    offset = -mean * scale if beta is None else beta - mean * scale
    result: Array = x * scale.astype(x.dtype) + offset.astype(x.dtype)
    return result


def normalize_batch_in_training(x: Any, gamma: Any, beta: Any, reduction_axes: Sequence[int], epsilon: float) -> Any:
    """Elements by the statistics of their batch."""
    x, over = dense(x), axes(reduction_axes)
    mean, var = (np.asarray(of(x, over, keepdims=True), x.dtype) for of in (np.mean, np.var))
    gamma, beta = (None if given is None else like(given, x.dtype).reshape(mean.shape) for given in (gamma, beta))
    normalized = _normalized(x, mean, var, beta, gamma, epsilon)
    # The kernel that Keras has for images, in this order of axes, answers with the sample's variance.
    if x.ndim == 4 and list(reduction_axes) == [0, 1, 2]:
        count = x.size // x.shape[-1] if x.size else 0
        var = var * np.asarray(count / max(count - 1, 1), var.dtype)
    return [normalized, np.squeeze(mean, over), np.squeeze(var, over)]


def l2_normalize(x: Any, axis: int | Sequence[int] | None) -> Any:
    """Elements scaled to a norm of 1."""
    x = dense(x)
    squares = np.sum(np.square(x), axes(axis), keepdims=True)
    return x / np.sqrt(np.maximum(squares, np.asarray(1e-12, x.dtype)))


def bias_add(x: Any, bias: Any, data_format: str) -> Any:
    """Sum of a batch and a bias."""
    x, bias = pair(x, bias)
    if data_format == "channels_last":
        return x + bias
    return x + bias.reshape(-1, *((1,) * (x.ndim - 2) if bias.ndim == 1 else bias.shape[:-1]))
