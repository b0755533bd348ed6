"""Convolutions: sums over windows, weighed by a kernel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kremote_proto.windows import per_axis

from .operands import pair
from .windows import channels_last, convolve, of_batches

PerAxis = int | Sequence[int]


def conv1d(x: Any, kernel: Any, strides: PerAxis, padding: str, data_format: str, dilation_rate: PerAxis) -> Any:
    """Convolution over one axis."""
    return _convolved(x, kernel, 1, strides, padding, data_format, dilation_rate)


def conv2d(x: Any, kernel: Any, strides: PerAxis, padding: str, data_format: str, dilation_rate: PerAxis) -> Any:
    """Convolution over two axes."""
    return _convolved(x, kernel, 2, strides, padding, data_format, dilation_rate)


def conv3d(x: Any, kernel: Any, strides: PerAxis, padding: str, data_format: str, dilation_rate: PerAxis) -> Any:
    """Convolution over three axes."""
    return _convolved(x, kernel, 3, strides, padding, data_format, dilation_rate)


def _convolved(
    x: Any, kernel: Any, count: int, strides: PerAxis, padding: str, data_format: str, dilation_rate: PerAxis
) -> Any:
    x, kernel = pair(x, kernel)
    steps, distances = per_axis(strides, count), per_axis(dilation_rate, count)
    return channels_last(
        lambda images: of_batches(lambda batch: convolve(batch, kernel, steps, padding, distances), images, count),
        x,
        data_format,
    )
