"""Convolution and pooling over windows of an image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from kremote_proto.tensors import Array

from .operands import dense, like, pair

Integers = Sequence[int]


def conv2d(x: Any, kernel: Any, strides: Integers, padding: str, data_format: str, dilation_rate: Integers) -> Any:
    """Convolution over two axes."""
    x, kernel = pair(x, kernel)
    return channels_last(lambda image: convolve(image, kernel, strides, padding, dilation_rate), x, data_format)


def pool2d(x: Any, pool_size: Integers, strides: Integers, padding: str, data_format: str, pool_mode: str) -> Any:
    """Pooling over two axes."""
    return channels_last(lambda image: pool(image, pool_size, strides, padding, pool_mode), dense(x), data_format)


def conv1d(x: Any, kernel: Any, strides: int, padding: str, data_format: str, dilation_rate: int) -> Any:
    """Convolution over one axis."""
    x, kernel = pair(x, kernel)
    steps, distances = [strides], [dilation_rate]
    return channels_last(lambda image: convolve(image, kernel, steps, padding, distances), x, data_format)


def conv3d(x: Any, kernel: Any, strides: Integers, padding: str, data_format: str, dilation_rate: Integers) -> Any:
    """Convolution over three axes."""
    return conv2d(x, kernel, strides, padding, data_format, dilation_rate)


def pool3d(x: Any, pool_size: Integers, strides: Integers, padding: str, data_format: str, pool_mode: str) -> Any:
    """Pooling over three axes."""
    return pool2d(x, pool_size, strides, padding, data_format, pool_mode)


def depthwise_conv2d(
    x: Any, depthwise_kernel: Any, strides: Integers, padding: str, data_format: str, dilation_rate: Integers
) -> Any:
    """Convolution of each channel by filters of its own."""
    x, kernel = pair(x, depthwise_kernel)
    return channels_last(lambda image: _depthwise(image, kernel, strides, padding, dilation_rate), x, data_format)


def separable_conv2d(
    x: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: Integers,
    padding: str,
    data_format: str,
    dilation_rate: Integers,
) -> Any:
    """Convolution of each channel, then a mix of channels."""
    x, kernel = pair(x, depthwise_kernel)
    point = like(pointwise_kernel, x.dtype)
    point = point.reshape(point.shape[-2:])
    return channels_last(
        lambda image: _depthwise(image, kernel, strides, padding, dilation_rate) @ point, x, data_format
    )


def separable_conv1d(
    x: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: int,
    padding: str,
    data_format: str,
    dilation_rate: int,
) -> Any:
    """Convolution of each channel, then a mix of channels, over one axis."""
    steps, distances = _one(strides), _one(dilation_rate)
    return separable_conv2d(x, depthwise_kernel, pointwise_kernel, steps, padding, data_format, distances)


def _one(number: int | Integers) -> Integers:
    return [number] if isinstance(number, int) else number


def _depthwise(image: Array, kernel: Array, strides: Integers, padding: str, dilation: Integers) -> Array:
    size = kernel.shape[:-2]
    found = windows(padded(image, size, strides, padding, dilation, 0), size, strides, dilation)
    places = found.shape[: found.ndim - len(size)]
    # (batch, places ..., channels, window) by (window, channels, multiplier).
    result: Array = np.einsum("...cw,wcm->...cm", found.reshape(*places, -1), kernel.reshape(-1, *kernel.shape[-2:]))
    return result.reshape(*places[:-1], -1)


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
