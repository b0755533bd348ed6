"""Convolutions: sums over windows, weighed by a kernel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from kremote_proto.windows import per_axis

from .operands import pair
from .windows import channels_last, convolve, lengths_of, of_rank

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
    kernel = of_rank(kernel, count + 2)
    steps, distances = per_axis(strides, count), per_axis(dilation_rate, count)

    def of_images(images: Any) -> Any:
        return convolve(images, kernel, steps, padding, distances)

    return channels_last(lambda image: _of_batches(of_images, image, count), x, count, data_format)


def _of_batches(function: Any, image: Any, count: int) -> Any:
    """A function of images in one batch, for a batch of several axes."""
    if len(image.shape) == count + 2:
        return function(image)
    lead, inner = lengths_of(image, 0, -count - 1), lengths_of(image, -count - 1)
    size = tf.reduce_prod(lead)
    result = function(tf.reshape(image, [size, *inner]))
    return tf.reshape(result, [*lead, *lengths_of(result, 1)])
