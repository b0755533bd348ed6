"""Convolutions that keep channels apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kremote_proto.tensors import Array
from kremote_proto.windows import per_axis

from .operands import like, pair
from .windows import as_wide, channels_last, padded, windows

Integers = Sequence[int]


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

    def separable(image: Array) -> Array:
        apart, mix = as_wide(_depthwise(image, kernel, strides, padding, dilation_rate), point)
        return (apart @ mix).astype(x.dtype)

    return channels_last(separable, x, data_format)


def separable_conv1d(
    x: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: int | Integers,
    padding: str,
    data_format: str,
    dilation_rate: int | Integers,
) -> Any:
    """Convolution of each channel, then a mix of channels, over one axis."""
    steps, distances = per_axis(strides, 1), per_axis(dilation_rate, 1)
    return separable_conv2d(x, depthwise_kernel, pointwise_kernel, steps, padding, data_format, distances)


def _depthwise(image: Array, kernel: Array, strides: Integers, padding: str, dilation: Integers) -> Array:
    dtype = image.dtype
    image, kernel = as_wide(image, kernel)
    image, kernel, distances = padded(image, kernel, strides, padding, dilation)
    found = windows(image, kernel.shape[:-2], strides, distances)
    places, channels, multiplier = found.shape[: 1 + len(strides)], image.shape[-1], kernel.shape[-1]
    # (batch, places ..., channels, window) by (window, channels, multiplier).
    flat = found.reshape(*places, channels, int(np.prod(kernel.shape[:-2])))
    result: Array = np.einsum("...cw,wcm->...cm", flat, kernel.reshape(flat.shape[-1], channels, multiplier))
    return result.reshape(*places, channels * multiplier).astype(dtype)
