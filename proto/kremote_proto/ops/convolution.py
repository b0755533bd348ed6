"""Convolutions: sums over windows, weighed by a kernel (cross-correlations: the kernel is not flipped)."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import InvalidValue
from ..handles import Tensor
from ..kinds import DataFormat, Padding, PerAxis, TensorLike
from ..op import op, rule
from ..operands import FLOAT, checked, common_dtype, known
from ..specs import Spec
from ..windows import check_numbers, check_one_of_both, check_padding, image, kernel_shape, per_axis, places


@op(one_dtype=("x", "kernel"))
def conv1d(
    x: TensorLike,
    kernel: TensorLike,
    strides: PerAxis = 1,
    padding: Padding = "valid",
    data_format: DataFormat | None = None,
    dilation_rate: PerAxis = 1,
) -> Tensor:
    """Convolution over one axis.

    Args:
        x: tensor (batch, steps, channels), or (batch, channels, steps) with channels first; a float dtype. With
            channels last the batch may have several axes.
        kernel: tensor (steps, channels, filters) of the same dtype, in either data format. With fewer channels than
            `x`'s, groups of `x`'s channels have equal shares of the filters.
        strides: the window's step.
        padding: "valid" (none), "same", or "causal" (zeros before the first step, so that no result depends on later
            ones; with channels last only).
        data_format: "channels_last" or "channels_first"; None is `K.image_data_format()`.
        dilation_rate: the distance between the kernel's elements; the stride is 1 where it is not.

    Returns:
        A tensor of `x`'s dtype, with `filters` for channels.

    Raises:
        ValueError: when a rank is not 3, the channels do not fit, the kernel is longer than the series, or stride and
            dilation are both above 1.
        TypeError: when the dtypes differ or are not float.

    Example:
        >>> x, kernel = K.reshape(K.variable([1, 2, 3]), (1, 3, 1)), K.ones((2, 1, 1))
        >>> K.eval(K.conv1d(x, kernel, padding="causal"))[0, :, 0]
        array([1., 3., 5.], dtype=float32)
    """


@rule(conv1d)
def _(
    x: Spec | None,
    kernel: Spec | None,
    strides: int | tuple[int, ...],
    padding: str,
    data_format: str,
    dilation_rate: int | tuple[int, ...],
) -> Spec | None:
    if padding == "causal" and data_format == "channels_first":
        raise InvalidValue("expected data_format 'channels_last' with padding 'causal'; got 'channels_first'")
    return _convolved(x, kernel, 1, strides, padding, data_format, dilation_rate)


@op(one_dtype=("x", "kernel"))
def conv2d(
    x: TensorLike,
    kernel: TensorLike,
    strides: PerAxis = (1, 1),
    padding: Padding = "valid",
    data_format: DataFormat | None = None,
    dilation_rate: PerAxis = (1, 1),
) -> Tensor:
    """Convolution over two axes.

    Args:
        x: tensor (batch, rows, columns, channels), or (batch, channels, rows, columns) with channels first; a float
            dtype. With channels last the batch may have several axes.
        kernel: tensor (rows, columns, channels, filters) of the same dtype, in either data format. With fewer channels
            than `x`'s, groups of `x`'s channels have equal shares of the filters.
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
        >>> x, kernel = K.ones((1, 3, 3, 1)), K.ones((2, 2, 1, 1))
        >>> K.eval(K.conv2d(x, kernel))[0, :, :, 0]
        array([[4., 4.],
               [4., 4.]], dtype=float32)
    """


@rule(conv2d)
def _(
    x: Spec | None,
    kernel: Spec | None,
    strides: int | tuple[int, ...],
    padding: str,
    data_format: str,
    dilation_rate: int | tuple[int, ...],
) -> Spec | None:
    return _convolved(x, kernel, 2, strides, padding, data_format, dilation_rate)


@op(one_dtype=("x", "kernel"))
def conv3d(
    x: TensorLike,
    kernel: TensorLike,
    strides: PerAxis = (1, 1, 1),
    padding: Padding = "valid",
    data_format: DataFormat | None = None,
    dilation_rate: PerAxis = (1, 1, 1),
) -> Tensor:
    """Convolution over three axes.

    Args:
        x: tensor (batch, planes, rows, columns, channels), or (batch, channels, planes, rows, columns) with channels
            first; a float dtype. With channels last the batch may have several axes.
        kernel: tensor (planes, rows, columns, channels, filters) of the same dtype, in either data format. With fewer
            channels than `x`'s, groups of `x`'s channels have equal shares of the filters.
        strides: steps along planes, rows and columns.
        padding: "valid" (none) or "same".
        data_format: "channels_last" or "channels_first"; None is `K.image_data_format()`.
        dilation_rate: distances between the kernel's elements; strides are 1 where it is not.

    Returns:
        A tensor of `x`'s dtype, with `filters` for channels.

    Raises:
        ValueError: when a rank is not 5, the channels do not fit, the kernel is larger than the image, or strides and
            dilation are both above 1.
        TypeError: when the dtypes differ or are not float.

    Example:
        >>> x, kernel = K.ones((1, 2, 3, 3, 1)), K.ones((2, 2, 2, 1, 1))
        >>> K.eval(K.conv3d(x, kernel))[0, :, :, :, 0]
        array([[[8., 8.],
                [8., 8.]]], dtype=float32)
    """


@rule(conv3d)
def _(
    x: Spec | None,
    kernel: Spec | None,
    strides: int | tuple[int, ...],
    padding: str,
    data_format: str,
    dilation_rate: int | tuple[int, ...],
) -> Spec | None:
    return _convolved(x, kernel, 3, strides, padding, data_format, dilation_rate)


def _convolved(
    x: Spec | None,
    kernel: Spec | None,
    count: int,
    strides: int | Sequence[int],
    padding: str,
    data_format: str,
    dilation_rate: int | Sequence[int],
) -> Spec | None:
    """The spec of a convolution over `count` axes."""
    x, kernel = checked(x, FLOAT), checked(kernel, FLOAT, "kernel")
    steps, distances = per_axis(strides, count), per_axis(dilation_rate, count)
    check_padding(padding, causal=count == 1)
    check_numbers(count, strides=steps, dilation_rate=distances)
    check_one_of_both(steps, distances)
    dtype = common_dtype(x, kernel)
    found = image(x, count, data_format, several=True)
    *size, group, filters = kernel_shape(kernel, count)
    if found.channels is not None and group is not None:
        _check_channels(found.channels, group, filters)
    lengths = places(found.lengths, tuple(size), steps, padding, distances)
    if x.shape is None:
        return None  # how many axes its batch has is not known
    return known(dtype, found._replace(lengths=lengths, channels=filters).arranged(data_format))


def _check_channels(channels: int, group: int, filters: int | None) -> None:
    """A kernel sees all channels, or each of several equal groups has its share of the filters."""
    shares = channels // group
    if shares == 0 or channels % group or (filters is not None and filters % shares):
        raise InvalidValue(f"expected a kernel for {channels} channels; got one for {group}, with {filters} filters")
