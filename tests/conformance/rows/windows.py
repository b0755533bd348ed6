"""What numpy answers to ops over windows: loops over the windows of images in any number of axes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

Integers = Sequence[int]


def windows(
    image: Any, size: Integers, strides: Integers, padding: str, dilation: Integers, fill: float
) -> Iterator[tuple[tuple[int, ...], Any]]:
    """Each window of a channels-last image with its place; what is added around it is `fill`."""
    reach = [(n - 1) * d + 1 for n, d in zip(size, dilation, strict=True)]
    around = [(0, 0)] * len(size)
    if padding == "causal":
        around = [(far - 1, 0) for far in reach]
    if padding == "same":
        for i, (length, step, far) in enumerate(zip(image.shape[1:-1], strides, reach, strict=True)):
            missing = max((-(-length // step) - 1) * step + far - length, 0)
            around[i] = (missing // 2, missing - missing // 2)
    image = np.pad(image, [(0, 0), *around, (0, 0)], constant_values=fill)
    axes = zip(image.shape[1:-1], reach, strides, strict=True)
    for place in np.ndindex(*((length - far) // step + 1 for length, far, step in axes)):
        starts = [at * step for at, step in zip(place, strides, strict=True)]
        inside = [slice(a, a + far, d) for a, far, d in zip(starts, reach, dilation, strict=True)]
        yield place, image[(slice(None), *inside)]


def channels_last(x: Any, data_format: str) -> Any:
    """An image with channels last."""
    return np.moveaxis(x, 1, -1) if data_format == "channels_first" else x


def arranged(found: Sequence[tuple[tuple[int, ...], Any]], data_format: str) -> Any:
    """The image of a result for each place."""
    inner = [n + 1 for n in found[-1][0]]
    result = np.stack([value for _, value in found], 1)
    result = result.reshape(len(result), *inner, -1)
    return np.moveaxis(result, -1, 1) if data_format == "channels_first" else result


def each(numbers: Any, count: int) -> list[int]:
    """A number for each axis."""
    return [numbers] * count if isinstance(numbers, int) else list(numbers)


def convolved(
    x: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation_rate: Any = 1,
) -> Any:
    """A convolution, of groups too."""
    count = kernel.ndim - 2
    image = channels_last(x, data_format)
    groups = image.shape[-1] // kernel.shape[-2]
    strides, dilation = each(strides, count), each(dilation_rate, count)
    found = [
        (
            place,
            np.concatenate(
                [
                    np.tensordot(part, filters, count + 1)
                    for part, filters in zip(np.split(window, groups, -1), np.split(kernel, groups, -1), strict=True)
                ],
                -1,
            ),
        )
        for place, window in windows(image, kernel.shape[:-2], strides, padding, dilation, 0.0)
    ]
    return arranged(found, data_format)


def pooled(
    x: Any,
    pool_size: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str = "channels_last",
    pool_mode: str = "max",
) -> Any:
    """A pooling."""
    reduce = np.nanmax if pool_mode == "max" else np.nanmean
    count = len(pool_size)
    image = channels_last(x, data_format)
    found = windows(image, pool_size, each(strides, count), padding, [1] * count, np.nan)
    inner = tuple(range(1, count + 1))
    return arranged([(place, reduce(window, inner)) for place, window in found], data_format)


def depthwise(
    x: Any,
    depthwise_kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation_rate: Any = 1,
) -> Any:
    """A convolution of each channel by itself."""
    image = channels_last(x, data_format)
    parts = [
        convolved(
            image[..., i : i + 1], depthwise_kernel[..., i : i + 1, :], strides, padding, "channels_last", dilation_rate
        )
        for i in range(image.shape[-1])
    ]
    result = np.concatenate(parts, -1)
    return np.moveaxis(result, -1, 1) if data_format == "channels_first" else result


def separable(
    x: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation_rate: Any = 1,
) -> Any:
    """A depthwise convolution, and a mix of its channels."""
    apart = depthwise(x, depthwise_kernel, strides, padding, data_format, dilation_rate)
    return convolved(apart, pointwise_kernel, data_format=data_format)


def transposed(
    x: Any,
    kernel: Any,
    output_shape: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation_rate: Any = 1,
) -> Any:
    """What each element of a convolution's result owes to each of its argument's, one at a time."""
    count = kernel.ndim - 2
    image = channels_last(x, data_format)
    lengths = list(output_shape)[1:]
    inner = lengths[:-1] if data_format == "channels_last" else lengths[1:]
    dilation = each(dilation_rate, count)
    strides = each(strides, count) if max(dilation) == 1 else [1] * count
    result = np.zeros((len(image), *inner, kernel.shape[-2]), x.dtype)
    for at in np.ndindex(*inner):
        one = np.zeros((1, *inner, 1))
        one[(0, *at, 0)] = 1.0
        for place, window in windows(one, kernel.shape[:-2], strides, padding, dilation, 0.0):
            weights = np.tensordot(window[0, ..., 0], kernel, count)
            result[(slice(None), *at)] += image[(slice(None), *place)] @ weights.T
    return np.moveaxis(result, -1, 1) if data_format == "channels_first" else result


def local(
    inputs: Any, kernel: Any, kernel_size: Any, strides: Any, output_shape: Any, data_format: str = "channels_last"
) -> Any:
    """A kernel for each window; with channels first its elements are in the order (channels, window)."""
    image = channels_last(inputs, data_format)
    last = data_format == "channels_last"
    found = [
        (place, window if last else np.moveaxis(window, -1, 1))
        for place, window in windows(image, kernel_size, strides, "valid", [1] * len(kernel_size), 0.0)
        if all(at < n for at, n in zip(place, output_shape, strict=True))
    ]
    results = [
        (place, window.reshape(len(window), -1) @ weights)
        for (place, window), weights in zip(found, kernel, strict=True)
    ]
    return arranged(results, data_format)


def local_of_one_axis(
    inputs: Any, kernel: Any, kernel_size: Any, strides: Any, data_format: str = "channels_last"
) -> Any:
    """As `local`, with as many windows as kernels."""
    return local(inputs, kernel, kernel_size, strides, kernel.shape[:1], data_format)
