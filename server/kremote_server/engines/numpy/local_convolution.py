"""Local convolutions: each window has a kernel of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .operands import pair
from .windows import as_wide, windows

Integers = Sequence[int]


def local_conv1d(inputs: Any, kernel: Any, kernel_size: Integers, strides: Integers, data_format: str) -> Any:
    """Local convolution over one axis."""
    inputs, kernel = pair(inputs, kernel)
    return _local(inputs, kernel, kernel_size, strides, kernel.shape[:1], data_format)


def local_conv2d(
    inputs: Any, kernel: Any, kernel_size: Integers, strides: Integers, output_shape: Integers, data_format: str
) -> Any:
    """Local convolution over two axes."""
    inputs, kernel = pair(inputs, kernel)
    return _local(inputs, kernel, kernel_size, strides, output_shape, data_format)


def _local(x: Any, kernel: Any, size: Integers, strides: Integers, inner: Integers, data_format: str) -> Any:
    count = len(size)
    last = data_format == "channels_last"
    found = windows(x if last else np.moveaxis(x, 1, -1), size, strides, [1] * count)
    found = found[(slice(None), *(slice(n) for n in inner))]
    if last:  # a window's elements are then in the order (window ..., channels)
        found = np.moveaxis(found, 1 + count, -1)
    flat = found.reshape(len(x), *kernel.shape[:2])
    result = np.matmul(*as_wide(np.moveaxis(flat, 0, 1), kernel)).astype(x.dtype)
    result = np.moveaxis(result, 1, 0).reshape(len(x), *inner, kernel.shape[-1])
    return result if last else np.moveaxis(result, -1, 1)
