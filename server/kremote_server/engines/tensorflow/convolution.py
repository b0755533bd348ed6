"""Convolution and pooling; channels first is transposed, since a CPU computes channels last only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from .operands import dense, pair


def conv2d(
    x: Any,
    kernel: Any,
    strides: Sequence[int],
    padding: str,
    data_format: str,
    dilation_rate: Sequence[int],
) -> Any:
    """Convolution over two axes."""
    x, kernel = pair(x, kernel)
    # conv2d has no gradient of dilated kernels on a CPU; convolution has, and wants the kernel's shape to be known.
    convolve = tf.nn.convolution if kernel.shape.is_fully_defined() and max(dilation_rate) > 1 else tf.nn.conv2d
    return _channels_last(
        lambda image: convolve(image, kernel, strides, padding.upper(), dilations=_clipped(dilation_rate, image)),
        x,
        data_format,
    )


def pool2d(
    x: Any, pool_size: Sequence[int], strides: Sequence[int], padding: str, data_format: str, pool_mode: str
) -> Any:
    """Pooling over two axes."""
    pool = {"max": tf.nn.max_pool2d, "avg": tf.nn.avg_pool2d}[pool_mode]
    return _channels_last(
        lambda image: pool(image, _clipped(pool_size, image), strides, padding.upper()), dense(x), data_format
    )


def _clipped(reach: Sequence[int], image: Any) -> list[int]:
    """A window's lengths or distances, at most twice the image's: what lies beyond meets padding alone.

    TensorFlow would take memory for that padding, or walk through it.
    """
    lengths = image.shape[1:3].as_list() if image.shape.rank == 4 else (None, None)
    return [n if length is None else min(n, max(2 * length, 1)) for n, length in zip(reach, lengths, strict=True)]


def _channels_last(function: Callable[[Any], Any], x: Any, data_format: str) -> Any:
    if data_format == "channels_last":
        return function(x)
    return tf.transpose(function(tf.transpose(x, [0, 2, 3, 1])), [0, 3, 1, 2])
