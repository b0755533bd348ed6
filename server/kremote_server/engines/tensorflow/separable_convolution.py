"""Convolutions that keep channels apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from kremote_proto.windows import per_axis

from .operands import like, pair
from .windows import channels_last, convolve, lengths_of, of_rank, windowed, with_gradient

Integers = Sequence[int]


def depthwise_conv2d(
    x: Any, depthwise_kernel: Any, strides: Integers, padding: str, data_format: str, dilation_rate: Integers
) -> Any:
    """Convolution of each channel by filters of its own."""
    x, kernel = pair(x, depthwise_kernel)
    kernel = of_rank(kernel, 4)
    return channels_last(lambda image: _depthwise(image, kernel, strides, padding, dilation_rate), x, 2, data_format)


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
    kernel, pointwise = of_rank(kernel, 4), of_rank(like(pointwise_kernel, x.dtype), 4)

    def separable(image: Any) -> Any:
        return convolve(_depthwise(image, kernel, strides, padding, dilation_rate), pointwise, (1, 1), "valid", (1, 1))

    return channels_last(separable, x, 2, data_format)


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
    x, kernel = pair(x, depthwise_kernel)
    kernel, pointwise = of_rank(kernel, 3), of_rank(like(pointwise_kernel, x.dtype), 3)
    # An image of one row; its kernel has one, so that the step between rows does not matter and may be the same.
    steps, distances = per_axis(strides, 1) * 2, (1, *per_axis(dilation_rate, 1))

    def separable(series: Any) -> Any:
        image = _depthwise(series[:, None], kernel[None], steps, padding, distances)
        return convolve(image[:, 0], pointwise, (1,), "valid", (1,))

    return channels_last(separable, x, 1, data_format)


def _depthwise(image: Any, kernel: Any, strides: Integers, padding: str, dilation: Integers) -> Any:
    channels, multiplier = lengths_of(kernel, 2)
    # TensorFlow's own has one stride; as groups of one channel each there may be two.
    if len(set(strides)) > 1:
        apart = tf.reshape(kernel, [*lengths_of(kernel, 0, 2), 1, channels * multiplier])
        return convolve(image, apart, strides, padding, dilation)
    return windowed(_native, image, kernel, channels * multiplier, strides, padding, dilation)


def _native(image: Any, kernel: Any, strides: Integers, padding: str) -> Any:
    step = max(strides)

    def of_samples(gradient: Any) -> Any:
        # Of an empty batch TensorFlow leaves the memory of a gradient as it finds it.
        return tf.where(tf.shape(image)[0] > 0, gradient, tf.zeros([], gradient.dtype))

    return tf.nn.depthwise_conv2d(image, with_gradient(kernel, of_samples), [1, step, step, 1], padding)
