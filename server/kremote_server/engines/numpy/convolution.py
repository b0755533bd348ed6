"""Convolution and pooling over windows of an image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from kremote_proto.tensors import Array

from .operands import dense, pair

Integers = Sequence[int]


def conv2d(x: Any, kernel: Any, strides: Integers, padding: str, data_format: str, dilation_rate: Integers) -> Any:
    """Convolution over two axes."""
    x, kernel = pair(x, kernel)
    return channels_last(lambda image: convolve(image, kernel, strides, padding, dilation_rate), x, data_format)


def pool2d(x: Any, pool_size: Integers, strides: Integers, padding: str, data_format: str, pool_mode: str) -> Any:
    """Pooling over two axes."""
    return channels_last(lambda image: pool(image, pool_size, strides, padding, pool_mode), dense(x), data_format)


def channels_last(function: Callable[[Array], Array], x: Array, data_format: str) -> Array:
    """A function of images with channels last, of one in either format."""
    if data_format == "channels_last":
        return function(x)
    return np.moveaxis(function(np.moveaxis(x, 1, -1)), -1, 1)


def convolve(image: Array, kernel: Array, strides: Integers, padding: str, dilation: Integers) -> Array:
    """Each window's product with the kernel; groups of channels have equal shares of the filters."""
    image = padded(image, kernel.shape[:-2], strides, padding, dilation, 0)
    groups = image.shape[-1] // kernel.shape[-2]
    parts = zip(np.split(image, groups, -1), np.split(kernel, groups, -1), strict=True)
    result: Array = np.concatenate([_convolved(part, filters, strides, dilation) for part, filters in parts], -1)
    return result


def _convolved(image: Array, kernel: Array, strides: Integers, dilation: Integers) -> Array:
    count = kernel.ndim - 2
    found = windows(image, kernel.shape[:-2], strides, dilation)
    inner = [*range(found.ndim - count, found.ndim), found.ndim - count - 1]
    result: Array = np.tensordot(found, kernel, (inner, list(range(count + 1))))
    return result


def pool(image: Array, size: Integers, strides: Integers, padding: str, mode: str) -> Array:
    """The largest element or the mean of each window; what is added around the image does not count."""
    ones = [1] * len(size)
    inner = tuple(range(-len(size), 0))
    if mode == "max":
        largest: Array = windows(padded(image, size, strides, padding, ones, -np.inf), size, strides, ones).max(inner)
        return largest
    sums = windows(padded(image, size, strides, padding, ones, 0), size, strides, ones).sum(inner)
    inside = np.ones((1, *image.shape[1:-1], 1), image.dtype)
    result: Array = sums / windows(padded(inside, size, strides, padding, ones, 0), size, strides, ones).sum(inner)
    return result


def padded(image: Array, size: Integers, strides: Integers, padding: str, dilation: Integers, fill: float) -> Array:
    """An image (batch, ..., channels) with what a padding adds around it."""
    if padding == "valid":
        return image
    around = [(0, 0)]
    for length, n, stride, distance in zip(image.shape[1:-1], size, strides, dilation, strict=True):
        around.append(_around(length, (n - 1) * distance + 1, stride, padding))
    return np.pad(image, [*around, (0, 0)], constant_values=fill)


def _around(length: int, reach: int, stride: int, padding: str) -> tuple[int, int]:
    if padding == "causal":
        return reach - 1, 0
    missing = max((-(-length // stride) - 1) * stride + reach - length, 0)
    return missing // 2, missing - missing // 2


def windows(image: Array, size: Integers, strides: Integers, dilation: Integers) -> Array:
    """Every window of an image (batch, ..., channels), as (batch, places ..., channels, window ...)."""
    reach = [(n - 1) * distance + 1 for n, distance in zip(size, dilation, strict=True)]
    view = sliding_window_view(image, reach, axis=tuple(range(1, 1 + len(size))))
    places, inside = (tuple(slice(None, None, step) for step in steps) for steps in (strides, dilation))
    return view[(slice(None), *places, slice(None), *inside)]
