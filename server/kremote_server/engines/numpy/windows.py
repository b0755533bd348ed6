"""Windows of images with channels last: padding, the views inside it, and convolution."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from kremote_proto.tensors import Array
from kremote_proto.windows import reach

Integers = Sequence[int]


def channels_last(function: Callable[[Array], Array], x: Array, data_format: str) -> Array:
    """A function of images with channels last, of one in either format."""
    if data_format == "channels_last":
        return function(x)
    return np.moveaxis(function(np.moveaxis(x, 1, -1)), -1, 1)


def convolve(image: Array, kernel: Array, strides: Integers, padding: str, dilation: Integers) -> Array:
    """Each window's product with the kernel; groups of channels have equal shares of the filters."""
    dtype = image.dtype
    image, kernel = as_wide(image, kernel)
    image, kernel, distances = padded(image, kernel, strides, padding, dilation)
    groups = image.shape[-1] // kernel.shape[-2]
    parts = zip(np.split(image, groups, -1), np.split(kernel, groups, -1), strict=True)
    result: Array = np.concatenate([_convolved(part, filters, strides, distances) for part, filters in parts], -1)
    return result.astype(dtype)


def _convolved(image: Array, kernel: Array, strides: Integers, dilation: Integers) -> Array:
    count = kernel.ndim - 2
    found = windows(image, kernel.shape[:-2], strides, dilation)
    inner = [*range(found.ndim - count, found.ndim), found.ndim - count - 1]
    result: Array = np.tensordot(found, kernel, (inner, list(range(count + 1))))
    return result


def padded(
    image: Array, kernel: Array, strides: Integers, padding: str, dilation: Integers
) -> tuple[Array, Array, list[int]]:
    """The image with its padding, what of the kernel meets the image, and the distances of the kernel's elements."""
    lengths, size = image.shape[1:-1], kernel.shape[: len(strides)]
    distances = [min(distance, max(2 * n, 1)) for distance, n in zip(dilation, lengths, strict=True)]
    if padding == "valid":
        return image, kernel, distances
    if padding == "same" and max(dilation) == 1:
        return around(image, size, strides, 0), kernel, distances
    met = [reach(*numbers, padding) for numbers in zip(lengths, size, distances, strict=True)]
    surrounded = np.pad(image, [(0, 0), *((one.before, one.after) for one in met), (0, 0)])
    return surrounded, kernel[tuple(slice(one.first, one.last + 1) for one in met)], distances


def around(image: Array, size: Integers, strides: Integers, fill: float) -> Array:
    """An image with what padding "same" adds."""
    lengths = image.shape[1:-1]
    missing = [
        max((-(-length // stride) - 1) * stride + n - length, 0)
        for length, n, stride in zip(lengths, size, strides, strict=True)
    ]
    return np.pad(image, [(0, 0), *((n // 2, n - n // 2) for n in missing), (0, 0)], constant_values=fill)


def windows(image: Array, size: Integers, strides: Integers, dilation: Integers) -> Array:
    """Every window of an image (batch, ..., channels), as (batch, places ..., channels, window ...)."""
    lengths = [(n - 1) * distance + 1 for n, distance in zip(size, dilation, strict=True)]
    view = sliding_window_view(image, lengths, axis=tuple(range(1, 1 + len(size))))
    places, inside = (tuple(slice(None, None, step) for step in steps) for steps in (strides, dilation))
    return view[(slice(None), *places, slice(None), *inside)]


def of_batches(function: Callable[[Array], Array], images: Array, count: int) -> Array:
    """A function of images in one batch, for a batch of several axes."""
    lead = images.shape[: -count - 1]
    result = function(images.reshape(-1, *images.shape[-count - 1 :]) if images.size else _blank(images, lead, count))
    return result.reshape(*lead, *result.shape[1:])


def _blank(images: Array, lead: Integers, count: int) -> Array:
    return np.zeros((int(np.prod(lead)), *images.shape[-count - 1 :]), images.dtype)


def as_wide(*arrays: Any) -> tuple[Array, ...]:
    """Arrays to sum in: float32 for shorter floats, as other engines do."""
    return tuple(array.astype("float32") if array.dtype.itemsize == 2 else array for array in arrays)
