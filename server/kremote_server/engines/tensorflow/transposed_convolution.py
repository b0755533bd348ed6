"""Convolutions backwards: each element spreads the kernel over the result."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from .operands import pair
from .windows import Spacing, channels_last, lengths_of, not_far, of_rank, with_gradient, within

Integers = Sequence[int]

#: How many elements a result may have whose lengths only show in a call.
MOST_ELEMENTS = 2.0**30


def conv2d_transpose(
    x: Any,
    kernel: Any,
    output_shape: Any,
    strides: Integers,
    padding: str,
    data_format: str,
    dilation_rate: Integers,
) -> Any:
    """Convolution over two axes backwards; as in TensorFlow, a dilated one has strides of 1."""
    return _spread(x, kernel, output_shape, strides, padding, data_format, dilation_rate)


def conv3d_transpose(x: Any, kernel: Any, output_shape: Any, strides: Integers, padding: str, data_format: str) -> Any:
    """Convolution over three axes backwards."""
    return _spread(x, kernel, output_shape, strides, padding, data_format, (1, 1, 1))


def _spread(
    x: Any, kernel: Any, output_shape: Any, strides: Integers, padding: str, data_format: str, dilation: Integers
) -> Any:
    count = len(strides)
    x, kernel = pair(x, kernel)
    x, kernel = of_rank(x, count + 2), of_rank(kernel, count + 2)
    batch, *rest = _lengths(output_shape, x)
    inner, filters = (rest[:-1], rest[-1]) if data_format == "channels_last" else (rest[1:], rest[0])
    steps = [1] * count if max(dilation) > 1 else within(strides, inner)

    def spread(image: Any) -> Any:
        wanted = [batch, *inner, filters]
        with tf.control_dependencies(_checks(image, kernel, wanted, steps, padding, dilation)):
            image = tf.identity(image)
            # TensorFlow takes lengths of 32 bits; the checks see those that do not fit.
            wanted = [n if isinstance(n, int) else tf.cast(n, tf.int32) for n in wanted]
        if max(dilation) > 1:
            result = _dilated(image, kernel, wanted, padding, dilation)
        else:
            transposed = {2: tf.nn.conv2d_transpose, 3: tf.nn.conv3d_transpose}[count]
            result = transposed(not_far(image, steps, inner), kernel, tf.stack(wanted), steps, padding.upper())
        return tf.ensure_shape(result, [n if isinstance(n, int) else None for n in wanted])

    def shaped_as_x(image: Any) -> Any:
        # oneDNN's gradient has another shape where the batch is empty.
        return spread(with_gradient(image, lambda gradient: tf.reshape(gradient, tf.shape(image))))

    return channels_last(shaped_as_x, x, count, data_format)


def _lengths(output_shape: Any, x: Any) -> list[Any]:
    """The lengths asked for: integers, or tensors where only a call says; x's where the batch is left open."""
    rank = len(x.shape)
    if tf.is_tensor(output_shape):
        static = tf.get_static_value(output_shape)
        output_shape = tf.unstack(tf.ensure_shape(output_shape, [rank])) if static is None else static.tolist()
    lead, *rest = output_shape
    asked = [*(lengths_of(x, 0, 1) if lead is None else [lead]), *rest]
    return [n if isinstance(n, int) else tf.cast(n, tf.int64) for n in asked]


def _checks(
    image: Any, kernel: Any, wanted: Sequence[Any], steps: Integers, padding: str, dilation: Integers
) -> list[Any]:
    """What must hold of lengths that only show in a call; TensorFlow would end where they do not fit."""
    lengths = [*lengths_of(image), *lengths_of(kernel), *wanted]
    if all(isinstance(n, int) for n in lengths):
        return []  # the op's rule has seen to it
    batch, *inner, filters = wanted
    size = lengths_of(kernel, 0, len(inner))
    places = [
        -(-(length if padding == "same" else length - (tf.cast(n, tf.int64) - 1) * distance) // step)
        for length, n, step, distance in zip(inner, size, steps, dilation, strict=True)
    ]
    asked = tf.stack([tf.cast(n, tf.int64) for n in (batch, *places, filters)])
    found = tf.stack([tf.cast(n, tf.int64) for n in (*lengths_of(image, 0, -1), lengths_of(kernel, -2)[0])])
    shape = tf.stack([tf.cast(n, tf.int64) for n in wanted])
    elements = tf.reduce_prod(tf.cast(shape, tf.float64))
    checks = [
        tf.debugging.assert_non_negative(shape, "expected lengths of output_shape of 0 or more"),
        tf.debugging.assert_less_equal(
            elements, tf.constant(MOST_ELEMENTS, tf.float64), "expected a result of at most 2**30 elements"
        ),
        tf.debugging.assert_equal(
            asked, found, "expected output_shape whose convolution has the batch, places and channels of x"
        ),
    ]
    return [check for check in checks if check is not None]


def _dilated(image: Any, kernel: Any, wanted: Sequence[Any], padding: str, dilation: Integers) -> Any:
    """A dilated one: the image is dealt out to a batch, in which the kernel's elements do not lie apart."""
    batch, *inner, filters = wanted
    spacing = Spacing(inner, kernel, padding, dilation)
    dealt = tf.space_to_batch(image, spacing.distances, [[0, more] for more in spacing.extra])
    padded = [n + more for n, more in zip(spacing.lengths, spacing.extra, strict=True)]
    each = [n // distance for n, distance in zip(padded, spacing.distances, strict=True)]
    shape = tf.stack([batch * math.prod(spacing.distances), *each, filters])
    spread = tf.nn.conv2d_transpose(dealt, spacing.kernel, shape, 1, "VALID")
    crops = [[before, after + more] for (before, after), more in zip(spacing.around, spacing.extra, strict=True)]
    return tf.batch_to_space(spread, spacing.distances, crops)
