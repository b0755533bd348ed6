"""Pooling: the largest element or the mean of each window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from .operands import dense
from .windows import FORMATS, channels_last, lengths_of, not_far, shaped, windows_along, within

Integers = Sequence[int]


def pool2d(x: Any, pool_size: Integers, strides: Integers, padding: str, data_format: str, pool_mode: str) -> Any:
    """Pooling over two axes."""
    return channels_last(lambda image: _pooled(image, pool_size, strides, padding, pool_mode), dense(x), 2, data_format)


def pool3d(x: Any, pool_size: Integers, strides: Integers, padding: str, data_format: str, pool_mode: str) -> Any:
    """Pooling over three axes."""
    return channels_last(lambda image: _pooled(image, pool_size, strides, padding, pool_mode), dense(x), 3, data_format)


def _pooled(image: Any, pool_size: Integers, strides: Integers, padding: str, mode: str) -> Any:
    lengths = lengths_of(image, 1, -1)
    size = within(pool_size, lengths, times=2) if padding == "same" else pool_size
    steps = within(strides, lengths)
    image = not_far(not_far(image, size, lengths, times=2), steps, lengths)
    if len(size) == 3 and image.dtype != tf.float32:
        return _in_turn(image, size, steps, padding, mode)
    channels = lengths_of(image, -1)[0]
    pool = {"max": _largest, "avg": tf.nn.avg_pool}[mode]
    result = pool(_with_channels(image, channels), size, steps, padding.upper(), FORMATS[len(size)])
    inner = windows_along(lengths, size, steps, padding)
    return shaped(result[..., :channels], image, inner, channels)


def _largest(image: Any, size: Integers, steps: Integers, padding: str, data_format: str) -> Any:
    """The largest element of each window; of an empty batch TensorFlow's own gradient ends the process."""
    backwards = {2: tf.raw_ops.MaxPoolGrad, 3: tf.raw_ops.MaxPool3DGrad}[len(size)]
    window = {"ksize": [1, *size, 1], "strides": [1, *steps, 1], "padding": padding, "data_format": data_format}

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def largest(image: Any) -> Any:
        result = tf.nn.max_pool(image, size, steps, padding, data_format)

        def gradient(upstream: Any) -> Any:
            def there() -> Any:
                return backwards(orig_input=image, orig_output=result, grad=upstream, **window)

            return tf.cond(tf.size(image) > 0, there, lambda: tf.zeros_like(image))

        return result, gradient

    return largest(image)


def _with_channels(image: Any, channels: Any) -> Any:
    """The image with one channel at least: of none TensorFlow's gradient ends the process."""
    if isinstance(channels, int) and channels > 0:
        return image
    return tf.pad(image, [*[[0, 0]] * (len(image.shape) - 1), [0, tf.maximum(1 - channels, 0)]])


def _in_turn(image: Any, size: Integers, steps: Integers, padding: str, mode: str) -> Any:
    """Pooling of rows and columns, then of planes: TensorFlow pools over three axes in float32 alone."""
    batch, planes, rows, columns, channels = lengths_of(image)
    flat = tf.reshape(image, [batch * planes, rows, columns, channels])
    flat = _pooled(flat, size[1:], steps[1:], padding, mode)
    rows, columns = lengths_of(flat, 1, 3)
    flat = tf.reshape(flat, [batch, planes, rows * columns, channels])
    flat = _pooled(flat, [size[0], 1], [steps[0], 1], padding, mode)
    return tf.reshape(flat, [batch, lengths_of(flat, 1, 2)[0], rows, columns, channels])
