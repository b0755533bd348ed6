"""Local convolutions: each window has a kernel of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from kremote_proto.ops.local_convolution import MOST_ELEMENTS

from .operands import pair
from .windows import lengths_of, of_rank

Integers = Sequence[int]


def local_conv1d(inputs: Any, kernel: Any, kernel_size: Integers, strides: Integers, data_format: str) -> Any:
    """Local convolution over one axis."""
    inputs, kernel = pair(inputs, kernel)
    kernel = of_rank(kernel, 3)
    return _local(inputs, kernel, kernel_size, strides, lengths_of(kernel, 0, 1), data_format)


def local_conv2d(
    inputs: Any, kernel: Any, kernel_size: Integers, strides: Integers, output_shape: Integers, data_format: str
) -> Any:
    """Local convolution over two axes."""
    inputs, kernel = pair(inputs, kernel)
    return _local(inputs, of_rank(kernel, 3), kernel_size, strides, output_shape, data_format)


def _local(x: Any, kernel: Any, size: Integers, strides: Integers, inner: Sequence[Any], data_format: str) -> Any:
    count = len(size)
    x = of_rank(x, count + 2)
    last = data_format == "channels_last"
    windows = _windows(x, size, strides, inner, 1 if last else 2)
    batch, filters = lengths_of(x, 0, 1)[0], lengths_of(kernel, -1)[0]
    result = tf.transpose(tf.matmul(windows, kernel), [1, 0, 2])
    result = tf.reshape(result, [batch, *inner, filters])
    return result if last else tf.transpose(result, [0, count + 1, *range(1, count + 1)])


def _windows(x: Any, size: Integers, strides: Integers, inner: Sequence[Any], first: int) -> Any:
    """Every window of every sample, as (windows, batch, elements)."""
    count = len(size)
    channels = lengths_of(x)[-1 if first == 1 else 1]
    batch, elements = lengths_of(x, 0, 1)[0], math.prod(size) * channels
    places = tf.reduce_prod(inner)
    together = tf.reduce_prod([tf.cast(n, tf.float64) for n in (batch, places, elements)])
    message = "expected windows of at most 2**30 elements together"
    check = tf.debugging.assert_less_equal(together, tf.constant(MOST_ELEMENTS, tf.float64), message)
    with tf.control_dependencies([] if check is None else [check]):
        x = tf.identity(x)
    for axis, (n, stride, windows) in enumerate(zip(size, strides, inner, strict=True)):
        starts = tf.range(windows) * stride
        # Each axis becomes two: that of the windows, and that inside a window.
        x = tf.gather(x, starts[:, None] + tf.range(n), axis=first + 2 * axis)
    lead = [first + 2 * axis for axis in range(count)]
    inside = [axis for axis in range(1, len(x.shape)) if axis not in lead]
    return tf.reshape(tf.transpose(x, [*lead, 0, *inside]), [places, batch, elements])
