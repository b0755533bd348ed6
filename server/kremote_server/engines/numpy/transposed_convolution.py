"""Convolutions backwards: each element spreads the kernel over the result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kremote_proto.tensors import Array

from .convolution import channels_last
from .operands import lengths, pair

Integers = Sequence[int]


def spread(
    x: Any, kernel: Any, output_shape: Any, strides: Integers, padding: str, data_format: str, dilation: Integers
) -> Any:
    """What a convolution to `x` has for a gradient, in the spatial lengths of `output_shape`."""
    x, kernel = pair(x, kernel)
    wanted = lengths(output_shape)[1:]
    inner = wanted[:-1] if data_format == "channels_last" else wanted[1:]
    return channels_last(lambda image: _spread(image, kernel, inner, strides, padding, dilation), x, data_format)


def _spread(
    image: Array, kernel: Array, wanted: Integers, strides: Integers, padding: str, dilation: Integers
) -> Array:
    size, places = kernel.shape[:-2], image.shape[1:-1]
    reach = [
        (length - 1) * stride + (n - 1) * distance + 1
        for length, n, stride, distance in zip(places, size, strides, dilation, strict=True)
    ]
    canvas = np.zeros((len(image), *map(max, reach, wanted), kernel.shape[-2]), image.dtype)
    for place in np.ndindex(*size):
        starts = [at * distance for at, distance in zip(place, dilation, strict=True)]
        covered = tuple(
            slice(start, start + (length - 1) * stride + 1, stride)
            for start, length, stride in zip(starts, places, strides, strict=True)
        )
        canvas[(slice(None), *covered)] += image @ kernel[place].T
    before = [max(far - length, 0) // 2 if padding == "same" else 0 for far, length in zip(reach, wanted, strict=True)]
    kept = tuple(slice(first, first + length) for first, length in zip(before, wanted, strict=True))
    return canvas[(slice(None), *kept)]
