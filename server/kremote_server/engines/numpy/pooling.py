"""Pooling: the largest element or the mean of each window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kremote_proto.tensors import Array

from .operands import dense
from .windows import around, as_wide, channels_last, windows

Integers = Sequence[int]


def pool2d(x: Any, pool_size: Integers, strides: Integers, padding: str, data_format: str, pool_mode: str) -> Any:
    """Pooling over two axes."""
    return channels_last(lambda image: _pool(image, pool_size, strides, padding, pool_mode), dense(x), data_format)


def pool3d(x: Any, pool_size: Integers, strides: Integers, padding: str, data_format: str, pool_mode: str) -> Any:
    """Pooling over three axes."""
    return pool2d(x, pool_size, strides, padding, data_format, pool_mode)


def _pool(image: Array, size: Integers, strides: Integers, padding: str, mode: str) -> Array:
    """The largest element or the mean of each window; what is added around the image does not count."""
    ones = [1] * len(size)
    inner = tuple(range(-len(size), 0))
    if padding == "same":
        # Beyond twice the image there is padding alone.
        size = [min(n, max(2 * length, 1)) for n, length in zip(size, image.shape[1:-1], strict=True)]

    def found(image: Array, fill: float) -> Array:
        return windows(around(image, size, strides, fill) if padding == "same" else image, size, strides, ones)

    if mode == "max":
        largest: Array = found(image, -np.inf).max(inner)
        return largest
    (wide,) = as_wide(image)
    inside = np.ones((1, *image.shape[1:-1], 1), wide.dtype)
    result: Array = found(wide, 0).sum(inner) / found(inside, 0).sum(inner)
    return result.astype(image.dtype)
