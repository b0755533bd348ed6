"""Convolutions backwards: each element of an image spreads a kernel over the result."""

from __future__ import annotations

from types import EllipsisType

from ..errors import FailedAssertion, InvalidValue
from ..handles import Tensor
from ..kinds import DataFormat, Integers, Padding, ShapeLike, TensorLike
from ..op import op, rule
from ..operands import FLOAT, checked, common_dtype, known
from ..shapes import show
from ..specs import Shape, Spec
from ..windows import check_numbers, check_padding, image, kernel_shape, places


@op(one_dtype=("x", "kernel"))
def conv2d_transpose(
    x: TensorLike,
    kernel: TensorLike,
    output_shape: ShapeLike,
    strides: Integers = (1, 1),
    padding: Padding = "valid",
    data_format: DataFormat | None = None,
    dilation_rate: Integers = (1, 1),
) -> Tensor:
    """Convolution over two axes backwards: what `conv2d` has for a gradient.

    Args:
        x: tensor (batch, rows, columns, channels), or (batch, channels, rows, columns) with channels first; a float
            dtype.
        kernel: tensor (rows, columns, filters, channels) of the same dtype, in either data format.
        output_shape: lengths of the result, in the data format: integers, integer tensors, or one tensor of them all;
            None for the batch is `x`'s. A convolution of the result with these strides and this padding has the rows
            and columns of `x`.
        strides: steps along rows and columns of the result; not used where `dilation_rate` is above 1.
        padding: "valid" (none) or "same", of that convolution.
        data_format: "channels_last" or "channels_first"; None is `K.image_data_format()`.
        dilation_rate: distances between the kernel's elements, both the same.

    Returns:
        A tensor of `x`'s dtype and of the shape `output_shape`, with `filters` for channels.

    Raises:
        ValueError: when a rank is not 4, the channels differ, `output_shape` does not fit, or the two dilation rates
            differ.
        TypeError: when the dtypes differ or are not float.

    Example:
        >>> x, kernel = K.variable([[[[1.0], [2.0]]]]), K.ones((1, 2, 1, 1))
        >>> K.eval(K.conv2d_transpose(x, kernel, (None, 1, 3, 1)))[0, :, :, 0]
        array([[1., 3., 2.]], dtype=float32)
    """


@rule(conv2d_transpose)
def _(
    x: Spec | None,
    kernel: Spec | None,
    output_shape: Shape | EllipsisType,
    strides: tuple[int, ...],
    padding: str,
    data_format: str,
    dilation_rate: tuple[int, ...],
) -> Spec | None:
    check_numbers(2, dilation_rate=dilation_rate)
    if len(set(dilation_rate)) > 1:
        raise FailedAssertion(f"expected the same dilation_rate along rows and columns; got {dilation_rate}")
    return _spread(x, kernel, 2, output_shape, strides, padding, data_format, dilation_rate)


@op(one_dtype=("x", "kernel"))
def conv3d_transpose(
    x: TensorLike,
    kernel: TensorLike,
    output_shape: ShapeLike,
    strides: Integers = (1, 1, 1),
    padding: Padding = "valid",
    data_format: DataFormat | None = None,
) -> Tensor:
    """Convolution over three axes backwards: what `conv3d` has for a gradient.

    Args:
        x: tensor (batch, planes, rows, columns, channels), or (batch, channels, planes, rows, columns) with channels
            first; a float dtype.
        kernel: tensor (planes, rows, columns, filters, channels) of the same dtype, in either data format.
        output_shape: lengths of the result, in the data format: integers, integer tensors, or one tensor of them all;
            None for the batch is `x`'s. A convolution of the result with these strides and this padding has the
            planes, rows and columns of `x`.
        strides: steps along planes, rows and columns of the result.
        padding: "valid" (none) or "same", of that convolution.
        data_format: "channels_last" or "channels_first"; None is `K.image_data_format()`.

    Returns:
        A tensor of `x`'s dtype and of the shape `output_shape`, with `filters` for channels.

    Raises:
        ValueError: when a rank is not 5, the channels differ, or `output_shape` does not fit.
        TypeError: when the dtypes differ or are not float.

    Example:
        >>> x, kernel = K.ones((1, 1, 1, 2, 1)), K.ones((1, 1, 2, 1, 1))
        >>> K.eval(K.conv3d_transpose(x, kernel, (1, 1, 1, 3, 1)))[0, 0, :, :, 0]
        array([[1., 2., 1.]], dtype=float32)
    """


@rule(conv3d_transpose)
def _(
    x: Spec | None,
    kernel: Spec | None,
    output_shape: Shape | EllipsisType,
    strides: tuple[int, ...],
    padding: str,
    data_format: str,
) -> Spec | None:
    return _spread(x, kernel, 3, output_shape, strides, padding, data_format, (1, 1, 1))


def _spread(
    x: Spec | None,
    kernel: Spec | None,
    count: int,
    output_shape: Shape | EllipsisType,
    strides: tuple[int, ...],
    padding: str,
    data_format: str,
    dilation_rate: tuple[int, ...],
) -> Spec | None:
    """The spec of a transposed convolution over `count` axes."""
    x, kernel = checked(x, FLOAT), checked(kernel, FLOAT, "kernel")
    dtype = common_dtype(x, kernel)
    check_padding(padding)
    check_numbers(count, strides=strides)
    found = image(x, count, data_format)
    *size, filters, channels = kernel_shape(kernel, count, last="filters, channels")
    if None not in (channels, found.channels) and channels != found.channels:
        raise InvalidValue(f"expected a kernel for {found.channels} channels, its last length; got {kernel}")
    asked = (None,) * (count + 2) if isinstance(output_shape, EllipsisType) else output_shape
    if len(asked) != count + 2 or any(n is not None and n < 0 for n in asked):
        raise InvalidValue(f"expected output_shape of {count + 2} lengths of 0 or more; got {show(asked)}")
    wanted = image(Spec(None, asked), count, data_format)
    steps = strides if max(dilation_rate) == 1 else (1,) * count
    met = places(wanted.lengths, tuple(size), steps, padding, dilation_rate)
    _check_fits("batch", wanted.lead, found.lead, asked)
    _check_fits("places", met, found.lengths, asked)
    _check_fits("filters", (wanted.channels,), (filters,), asked)
    lead = tuple(a if b is None else b for a, b in zip(wanted.lead, found.lead, strict=True))
    channels = filters if wanted.channels is None else wanted.channels
    return known(dtype, wanted._replace(lead=lead, channels=channels).arranged(data_format))


def _check_fits(what: str, asked: Shape, found: Shape, output_shape: Shape) -> None:
    if any(None not in (a, b) and a != b for a, b in zip(asked, found, strict=True)):
        raise InvalidValue(
            f"expected output_shape whose convolution has {what} {show(found)}; got {show(output_shape)}, "
            f"which has {show(asked)}"
        )
