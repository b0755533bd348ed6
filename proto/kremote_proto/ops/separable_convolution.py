"""Convolutions that keep channels apart: each channel has filters of its own, whose results may be mixed afterwards."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import InvalidValue
from ..handles import Tensor
from ..kinds import DataFormat, Integers, Padding, PerAxis, TensorLike
from ..op import op, rule
from ..operands import FLOAT, checked, common_dtype, known
from ..specs import Spec
from ..windows import Image, check_numbers, check_one_of_both, check_padding, image, kernel_shape, per_axis, places

_MULTIPLIED = "channels, multiplier"


@op(one_dtype=("x", "depthwise_kernel"))
def depthwise_conv2d(
    x: TensorLike,
    depthwise_kernel: TensorLike,
    strides: Integers = (1, 1),
    padding: Padding = "valid",
    data_format: DataFormat | None = None,
    dilation_rate: Integers = (1, 1),
) -> Tensor:
    """Convolution over two axes of each channel, by filters of its own.

    Args:
        x: tensor (batch, rows, columns, channels), or (batch, channels, rows, columns) with channels first; a float
            dtype.
        depthwise_kernel: tensor (rows, columns, channels, multiplier) of the same dtype, in either data format.
        strides: steps along rows and columns.
        padding: "valid" (none) or "same".
        data_format: "channels_last" or "channels_first"; None is `K.image_data_format()`.
        dilation_rate: distances between the kernel's elements; strides are 1 where it is not.

    Returns:
        A tensor of `x`'s dtype with `channels * multiplier` channels, those of one channel of `x` side by side.

    Raises:
        ValueError: when a rank is not 4, the channels differ, the kernel is larger than the image, or strides and
            dilation are both above 1.
        TypeError: when the dtypes differ or are not float.

    Example:
        >>> x, kernel = K.reshape(K.variable([1, 2, 3, 4]), (1, 2, 1, 2)), K.ones((2, 1, 2, 1))
        >>> K.eval(K.depthwise_conv2d(x, kernel))
        array([[[[4., 6.]]]], dtype=float32)
    """


@rule(depthwise_conv2d)
def _(
    x: Spec | None,
    depthwise_kernel: Spec | None,
    strides: tuple[int, ...],
    padding: str,
    data_format: str,
    dilation_rate: tuple[int, ...],
) -> Spec | None:
    x, kernel = checked(x, FLOAT), checked(depthwise_kernel, FLOAT, "depthwise_kernel")
    dtype = common_dtype(x, kernel)
    return known(dtype, _depthwise(x, kernel, 2, strides, padding, data_format, dilation_rate).arranged(data_format))


@op(one_dtype=("x", "depthwise_kernel", "pointwise_kernel"))
def separable_conv1d(
    x: TensorLike,
    depthwise_kernel: TensorLike,
    pointwise_kernel: TensorLike,
    strides: PerAxis = 1,
    padding: Padding = "valid",
    data_format: DataFormat | None = None,
    dilation_rate: PerAxis = 1,
) -> Tensor:
    """Convolution over one axis of each channel by filters of its own, then a mix of the channels at each step.

    Args:
        x: tensor (batch, steps, channels), or (batch, channels, steps) with channels first; a float dtype.
        depthwise_kernel: tensor (steps, channels, multiplier) of the same dtype, in either data format.
        pointwise_kernel: tensor (1, channels * multiplier, filters) of the same dtype.
        strides: the window's step.
        padding: "valid" (none) or "same".
        data_format: "channels_last" or "channels_first"; None is `K.image_data_format()`.
        dilation_rate: the distance between the kernel's elements; the stride is 1 where it is not.

    Returns:
        A tensor of `x`'s dtype, with `filters` for channels.

    Raises:
        ValueError: when a rank is not 3, the channels do not fit, the kernel is longer than the series, or stride and
            dilation are both above 1.
        TypeError: when the dtypes differ or are not float.

    Example:
        >>> x, depthwise = K.reshape(K.variable([1, 2, 3, 4]), (1, 2, 2)), K.ones((2, 2, 1))
        >>> K.eval(K.separable_conv1d(x, depthwise, K.ones((1, 2, 1))))
        array([[[10.]]], dtype=float32)
    """


@rule(separable_conv1d)
def _(
    x: Spec | None,
    depthwise_kernel: Spec | None,
    pointwise_kernel: Spec | None,
    strides: int | tuple[int, ...],
    padding: str,
    data_format: str,
    dilation_rate: int | tuple[int, ...],
) -> Spec | None:
    steps, distances = per_axis(strides, 1), per_axis(dilation_rate, 1)
    return _separable(x, depthwise_kernel, pointwise_kernel, 1, steps, padding, data_format, distances)


@op(one_dtype=("x", "depthwise_kernel", "pointwise_kernel"))
def separable_conv2d(
    x: TensorLike,
    depthwise_kernel: TensorLike,
    pointwise_kernel: TensorLike,
    strides: Integers = (1, 1),
    padding: Padding = "valid",
    data_format: DataFormat | None = None,
    dilation_rate: Integers = (1, 1),
) -> Tensor:
    """Convolution over two axes of each channel by filters of its own, then a mix of the channels at each place.

    Args:
        x: tensor (batch, rows, columns, channels), or (batch, channels, rows, columns) with channels first; a float
            dtype.
        depthwise_kernel: tensor (rows, columns, channels, multiplier) of the same dtype, in either data format.
        pointwise_kernel: tensor (1, 1, channels * multiplier, filters) of the same dtype.
        strides: steps along rows and columns.
        padding: "valid" (none) or "same".
        data_format: "channels_last" or "channels_first"; None is `K.image_data_format()`.
        dilation_rate: distances between the kernel's elements; strides are 1 where it is not.

    Returns:
        A tensor of `x`'s dtype, with `filters` for channels.

    Raises:
        ValueError: when a rank is not 4, the channels do not fit, the kernel is larger than the image, or strides and
            dilation are both above 1.
        TypeError: when the dtypes differ or are not float.

    Example:
        >>> x, depthwise = K.ones((1, 3, 3, 2)), K.ones((2, 2, 2, 1))
        >>> K.eval(K.separable_conv2d(x, depthwise, K.ones((1, 1, 2, 1))))[0, :, :, 0]
        array([[8., 8.],
               [8., 8.]], dtype=float32)
    """


@rule(separable_conv2d)
def _(
    x: Spec | None,
    depthwise_kernel: Spec | None,
    pointwise_kernel: Spec | None,
    strides: tuple[int, ...],
    padding: str,
    data_format: str,
    dilation_rate: tuple[int, ...],
) -> Spec | None:
    return _separable(x, depthwise_kernel, pointwise_kernel, 2, strides, padding, data_format, dilation_rate)


def _separable(
    x: Spec | None,
    depthwise_kernel: Spec | None,
    pointwise_kernel: Spec | None,
    count: int,
    strides: Sequence[int],
    padding: str,
    data_format: str,
    dilation_rate: Sequence[int],
) -> Spec | None:
    """The spec of a separable convolution over `count` axes."""
    x, kernel = checked(x, FLOAT), checked(depthwise_kernel, FLOAT, "depthwise_kernel")
    pointwise = checked(pointwise_kernel, FLOAT, "pointwise_kernel")
    dtype = common_dtype(x, kernel, pointwise)
    found = _depthwise(x, kernel, count, strides, padding, data_format, dilation_rate)
    *ones, channels, filters = kernel_shape(pointwise, count, "pointwise_kernel", "channels * multiplier, filters")
    if any(n not in (None, 1) for n in ones) or (None not in (channels, found.channels) and channels != found.channels):
        raise InvalidValue(
            f"expected pointwise_kernel of length 1 along the image, for {found.channels} channels; got {pointwise}"
        )
    return known(dtype, found._replace(channels=filters).arranged(data_format))


def _depthwise(
    x: Spec,
    kernel: Spec,
    count: int,
    strides: Sequence[int],
    padding: str,
    data_format: str,
    dilation_rate: Sequence[int],
) -> Image:
    """What a depthwise convolution over `count` axes leaves."""
    check_padding(padding)
    check_numbers(count, strides=strides, dilation_rate=dilation_rate)
    check_one_of_both(strides, dilation_rate)
    found = image(x, count, data_format)
    *size, channels, multiplier = kernel_shape(kernel, count, "depthwise_kernel", _MULTIPLIED)
    if None not in (channels, found.channels) and channels != found.channels:
        raise InvalidValue(f"expected depthwise_kernel for {found.channels} channels; got {kernel}")
    channels = found.channels if channels is None else channels
    made = None if channels is None or multiplier is None else channels * multiplier
    return found._replace(lengths=places(found.lengths, tuple(size), strides, padding, dilation_rate), channels=made)
