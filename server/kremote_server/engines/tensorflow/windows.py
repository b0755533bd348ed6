"""Convolutions of images with channels last, where TensorFlow's own ops leave something open on a CPU.

Those have no gradients there of dilated kernels and of groups, in some dtypes; they take memory for whatever a dilation
reaches, and give an empty batch a wrong shape.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from kremote_proto.windows import Reach, reach

#: How many elements a kernel of groups may have that is written out for all channels.
MOST_ELEMENTS = 1 << 28
#: Strides and windows to this length are computed as they are, whatever the image.
FAR = 1 << 10

#: What TensorFlow calls channels last; said each time, since its gradients do not know their default.
FORMATS = {1: "NWC", 2: "NHWC", 3: "NDHWC"}

Integers = Sequence[int]


def lengths_of(tensor: Any, start: int = 0, stop: int | None = None) -> list[Any]:
    """Some of a tensor's lengths, as integers where they are static."""
    static = tensor.shape.as_list()[start:stop]
    if None not in static:
        return static  # type: ignore[no-any-return]
    dynamic = tf.unstack(tf.shape(tensor), len(tensor.shape))[start:stop]
    return [there if length is None else length for length, there in zip(static, dynamic, strict=True)]


def of_rank(tensor: Any, rank: int) -> Any:
    """The tensor, whose rank is known from here on."""
    return tensor if tensor.shape.rank is not None else tf.ensure_shape(tensor, [None] * rank)


def channels_last(function: Callable[[Any], Any], x: Any, count: int, data_format: str) -> Any:
    """A function of images with channels last, of one in either format: a CPU computes channels last only."""
    x = of_rank(x, count + 2)
    if data_format == "channels_last":
        return function(x)
    inner = list(range(2, count + 2))
    back = [0, count + 1, *range(1, count + 1)]
    return tf.transpose(function(tf.transpose(x, [0, *inner, 1])), back)


def within(numbers: Integers, lengths: Sequence[Any], times: int = 1) -> list[int]:
    """Strides or windows, at most so many times the image's lengths: beyond there is padding alone.

    TensorFlow would walk through it, or overflow. Where a length only shows in a call, a far number is refused then.
    """
    return [_within(number, length, times) for number, length in zip(numbers, lengths, strict=True)]


def _within(number: int, length: Any, times: int) -> int:
    return min(number, max(times * length, 1)) if isinstance(length, int) else number


def not_far(image: Any, numbers: Integers, lengths: Sequence[Any], times: int = 1) -> Any:
    """The image, once it is known that no number is far beyond its lengths."""
    open_lengths = [
        (number, length)
        for number, length in zip(numbers, lengths, strict=True)
        if number > FAR and not isinstance(length, int)
    ]
    message = f"expected strides and windows of at most {FAR}, or as far as the image reaches"
    checks = [tf.debugging.assert_less_equal(number, times * length, message) for number, length in open_lengths]
    with tf.control_dependencies([check for check in checks if check is not None]):
        return tf.identity(image) if open_lengths else image


def shaped(result: Any, image: Any, inner: Sequence[Any], channels: Any) -> Any:
    """A result with the shape it should have: oneDNN gives the shape of the image where the batch is empty."""
    shape = [*lengths_of(image, 0, 1), *inner, channels]
    return tf.reshape(result, shape if all(isinstance(n, int) for n in shape) else tf.stack(shape))


def with_gradient(tensor: Any, corrected: Callable[[Any], Any]) -> Any:
    """The tensor, its gradient corrected."""

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def same(tensor: Any) -> Any:
        return tf.identity(tensor), corrected

    return same(tensor)


def convolve(image: Any, kernel: Any, strides: Integers, padding: str, dilation: Integers) -> Any:
    """Each window's product with a kernel; groups of channels have equal shares of the filters."""
    return windowed(_grouped, image, kernel, lengths_of(kernel, -1)[0], strides, padding, dilation)


#: Computes a convolution without dilation, its padding "VALID" or "SAME".
Convolution = Callable[[Any, Any, Integers, str], Any]


def windowed(
    convolution: Convolution,
    image: Any,
    kernel: Any,
    channels: Any,
    strides: Integers,
    padding: str,
    dilation: Integers,
) -> Any:
    """A convolution to so many channels, with every padding and dilation, made of one that has neither."""
    if padding == "causal" or max(dilation) > 1:
        return _spaced(convolution, image, kernel, channels, strides, padding, dilation)
    lengths = lengths_of(image, 1, -1)
    steps = within(strides, lengths)
    result = convolution(not_far(image, steps, lengths), kernel, steps, padding.upper())
    inner = windows_along(lengths, lengths_of(kernel, 0, len(steps)), steps, padding)
    return shaped(result, image, inner, channels)


def windows_along(lengths: Sequence[Any], size: Sequence[Any], steps: Integers, padding: str) -> list[Any]:
    """How many windows there are along each axis."""
    axes = zip(lengths, size, steps, strict=True)
    return [-(-length // step) if padding == "same" else (length - n) // step + 1 for length, n, step in axes]


def _spaced(
    convolution: Convolution,
    image: Any,
    kernel: Any,
    channels: Any,
    strides: Integers,
    padding: str,
    dilation: Integers,
) -> Any:
    """A convolution whose image is dealt out to a batch, in which the kernel's elements do not lie apart."""
    spacing = Spacing(lengths_of(image, 1, -1), kernel, padding, dilation)
    surrounded = tf.pad(image, [[0, 0], *spacing.around, [0, 0]])
    ones = [1] * len(dilation)
    if max(dilation) == 1:
        return windowed(convolution, surrounded, spacing.kernel, channels, strides, "valid", ones)
    paddings = [[0, more] for more in spacing.extra]
    dealt = tf.space_to_batch(surrounded, spacing.distances, paddings)
    result = windowed(convolution, dealt, spacing.kernel, channels, ones, "valid", ones)
    return tf.batch_to_space(result, spacing.distances, paddings)


class Spacing:
    """How a convolution of stride 1 is made of one without padding and dilation; what meets padding alone is left out.

    `around` is the padding before and after each axis, `extra` what then makes its length a multiple of the distance.
    """

    def __init__(self, lengths: Sequence[Any], kernel: Any, padding: str, dilation: Integers) -> None:
        count = len(dilation)
        self.distances = [_distance(distance, length) for distance, length in zip(dilation, lengths, strict=True)]
        size = lengths_of(kernel, 0, count)
        met = [_reach(*numbers, padding) for numbers in zip(lengths, size, self.distances, strict=True)]
        self.kernel = kernel[tuple(slice(one.first, one.last + 1) for one in met)]
        self.around = [[one.before, one.after] for one in met]
        self.lengths = [length + one.before + one.after for length, one in zip(lengths, met, strict=True)]
        self.extra = [-length % distance for length, distance in zip(self.lengths, self.distances, strict=True)]


def _distance(distance: int, length: Any) -> Any:
    """A dilation at most twice the image: the kernel's elements beyond the middle meet padding alone from there on."""
    if isinstance(length, int):
        return min(distance, max(2 * length, 1))
    return tf.cast(tf.minimum(tf.cast(distance, length.dtype), tf.maximum(2 * length, 1)), tf.int32)


def _reach(length: Any, size: Any, distance: Any, padding: str) -> Reach:
    if padding == "valid":
        return Reach(0, size - 1, 0, 0)
    if all(isinstance(number, int) for number in (length, size, distance)):
        return reach(length, size, distance, padding)
    return reach(length, size, distance, padding, tf.minimum, tf.maximum)


def _native(image: Any, kernel: Any, strides: Integers, padding: str) -> Any:
    return tf.nn.convolution(image, kernel, strides, padding, FORMATS[len(strides)])


def _grouped(image: Any, kernel: Any, strides: Integers, padding: str) -> Any:
    channels, group = image.shape[-1], kernel.shape[-2]
    if (channels is not None and channels == group) or has_gpu():
        return _native(image, kernel, strides, padding)
    if len(strides) == 3:
        return _native(image, for_all_channels(kernel, image), strides, padding)
    return _differentiable(image, kernel, strides, padding)


def _differentiable(image: Any, kernel: Any, strides: Integers, padding: str) -> Any:
    """A convolution of groups, which a CPU computes but does not differentiate."""

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def convolution(image: Any, kernel: Any) -> Any:
        def gradient(upstream: Any) -> Any:
            with tf.GradientTape() as tape:
                tape.watch([image, kernel])
                result = _native(image, for_all_channels(kernel, image), strides, padding)
            return tape.gradient(result, [image, kernel], upstream)

        return _native(image, kernel, strides, padding), gradient

    return convolution(image, kernel)


def for_all_channels(kernel: Any, image: Any) -> Any:
    """A kernel of groups, written out for all channels: zeros where a filter does not see one."""
    *size, group, filters = lengths_of(kernel)
    channels = lengths_of(image, -1)[0]
    groups = channels // group
    message = f"expected a kernel of groups of at most {MOST_ELEMENTS} elements, written out for all channels"
    elements = tf.cast(channels, tf.float64) * tf.cast(tf.size(kernel) // group, tf.float64)
    check = tf.debugging.assert_less_equal(elements, tf.constant(MOST_ELEMENTS, tf.float64), message)
    with tf.control_dependencies([] if check is None else [check]):
        seen = tf.range(channels)[:, None] // group == tf.range(filters)[None] // (filters // groups)
    repeated = tf.tile(kernel, [*[1] * len(size), groups, 1])
    return tf.where(seen, repeated, tf.zeros([], kernel.dtype))


@functools.cache
def has_gpu() -> bool:
    """Whether TensorFlow computes on a GPU, where its own ops leave nothing open."""
    return bool(tf.config.list_logical_devices("GPU"))
