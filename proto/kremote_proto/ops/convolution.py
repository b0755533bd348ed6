"""Convolution and pooling."""

from __future__ import annotations

from ..errors import InvalidValue, shown
from ..handles import Tensor
from ..kinds import DataFormat, Integers, Padding, TensorLike
from ..op import op, rule
from ..operands import FLOAT, checked, common_dtype, known
from ..shapes import window
from ..specs import Shape, Spec

#: What engines hold a stride, a window and a dilation in: a signed integer of 32 bits.
LONGEST = 2**31 - 1


@op(one_dtype=("x", "kernel"))
def conv2d(
    x: TensorLike,
    kernel: TensorLike,
    strides: Integers = (1, 1),
    padding: Padding = "valid",
    data_format: DataFormat | None = None,
    dilation_rate: Integers = (1, 1),
) -> Tensor:
    """Convolution over two axes (cross-correlation: the kernel is not flipped).

    Args:
        x: tensor (batch, rows, columns, channels), or (batch, channels, rows, columns) with channels first; a float
            dtype.
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
    strides: tuple[int, ...],
    padding: str,
    data_format: str,
    dilation_rate: tuple[int, ...],
) -> Spec | None:
    x, kernel = checked(x, FLOAT), checked(kernel, FLOAT, "kernel")
    _check_window(padding, strides=strides, dilation_rate=dilation_rate)
    if strides != (1, 1) and dilation_rate != (1, 1):
        raise InvalidValue(f"expected strides or dilation_rate (1, 1); got {strides} and {dilation_rate}")
    dtype = common_dtype(x, kernel)
    if x.shape is None or kernel.shape is None:
        return None
    batch, rows, columns, channels = _image(x, data_format)
    if len(kernel.shape) != 4:
        raise InvalidValue(f"expected kernel of rank 4, (rows, columns, channels, filters); got {kernel}")
    height, width, group, filters = kernel.shape
    if channels is not None and group is not None:
        _check_channels(channels, group, filters)
    rows = window(rows, height, strides[0], padding, dilation_rate[0])
    columns = window(columns, width, strides[1], padding, dilation_rate[1])
    return known(dtype, _arranged(batch, rows, columns, filters, data_format))


def _check_channels(channels: int, group: int, filters: int | None) -> None:
    """A kernel sees all channels, or each of several equal groups has its share of the filters."""
    shares = channels // group if group else 0
    if shares == 0 or channels % group or (filters is not None and filters % shares):
        raise InvalidValue(f"expected a kernel for {channels} channels; got one for {group}, with {filters} filters")


def _check_window(padding: str, **pairs: tuple[int, ...]) -> None:
    if padding not in ("valid", "same"):
        raise InvalidValue(f"expected padding 'valid' or 'same'; got {padding!r}")
    for name, pair in pairs.items():
        if len(pair) != 2 or not all(1 <= number <= LONGEST for number in pair):
            raise InvalidValue(f"expected {name} as two integers from 1 to 2**31 - 1; got {shown(pair)}")


def _image(x: Spec, data_format: str) -> Shape:
    """Batch, rows, columns and channels of an image."""
    shape = x.shape
    if shape is None or len(shape) != 4:
        raise InvalidValue(f"expected x of rank 4; got {x}")
    return shape if data_format == "channels_last" else (shape[0], shape[2], shape[3], shape[1])


def _arranged(
    batch: int | None, rows: int | None, columns: int | None, channels: int | None, data_format: str
) -> Shape:
    return (batch, rows, columns, channels) if data_format == "channels_last" else (batch, channels, rows, columns)


@op
def pool2d(
    x: TensorLike,
    pool_size: Integers,
    strides: Integers = (1, 1),
    padding: Padding = "valid",
    data_format: DataFormat | None = None,
    pool_mode: str = "max",
) -> Tensor:
    """Largest element or mean of each window over two axes.

    Args:
        x: tensor (batch, rows, columns, channels), or (batch, channels, rows, columns) with channels first; a float
            dtype.
        pool_size: rows and columns of the window.
        strides: steps along rows and columns.
        padding: "valid" (none) or "same"; what is added does not count towards a mean.
        data_format: "channels_last" or "channels_first"; None is `K.image_data_format()`.
        pool_mode: "max" or "avg".

    Returns:
        A tensor of `x`'s dtype.

    Raises:
        ValueError: when the rank is not 4, the window is larger than the image, or the mode is another.
        TypeError: when `x` is not of a float dtype.

    Example:
        >>> x = K.reshape(K.variable([[1, 2], [3, 4]]), (1, 2, 2, 1))
        >>> K.eval(K.pool2d(x, (2, 2), pool_mode="avg"))
        array([[[[2.5]]]], dtype=float32)
    """


@rule(pool2d)
def _(
    x: Spec | None,
    pool_size: tuple[int, ...],
    strides: tuple[int, ...],
    padding: str,
    data_format: str,
    pool_mode: str,
) -> Spec | None:
    if pool_mode not in ("max", "avg"):
        raise InvalidValue(f"expected pool_mode 'max' or 'avg'; got {pool_mode!r}")
    x = checked(x, FLOAT)
    _check_window(padding, pool_size=pool_size, strides=strides)
    if x.shape is None:
        return None
    batch, rows, columns, channels = _image(x, data_format)
    rows = window(rows, pool_size[0], strides[0], padding)
    columns = window(columns, pool_size[1], strides[1], padding)
    return known(x.dtype, _arranged(batch, rows, columns, channels, data_format))
