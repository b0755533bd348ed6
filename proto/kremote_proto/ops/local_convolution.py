"""Local convolutions: each window has a kernel of its own."""

from __future__ import annotations

import math

from ..errors import InvalidValue
from ..handles import Tensor
from ..kinds import DataFormat, Integers, TensorLike
from ..op import op, rule
from ..operands import FLOAT, checked, common_dtype, known
from ..specs import Shape, Spec
from ..windows import check_numbers, image

#: How many elements the windows of a batch may have together; they are laid side by side.
MOST_ELEMENTS = 2**30


@op(one_dtype=("inputs", "kernel"))
def local_conv1d(
    inputs: TensorLike,
    kernel: TensorLike,
    kernel_size: Integers,
    strides: Integers,
    data_format: DataFormat | None = None,
) -> Tensor:
    """Convolution over one axis with a kernel of its own for each window.

    Args:
        inputs: tensor (batch, steps, channels), or (batch, channels, steps) with channels first; a float dtype.
        kernel: tensor (windows, steps * channels, filters) of the same dtype; with channels first its elements are
            those of (channels, steps).
        kernel_size: a window's steps, a tuple of one integer.
        strides: the window's step, a tuple of one integer.
        data_format: "channels_last" or "channels_first"; None is `K.image_data_format()`.

    Returns:
        A tensor (batch, windows, filters), or (batch, filters, windows) with channels first.

    Raises:
        ValueError: when a rank is not 3, or the kernel does not fit the windows.
        TypeError: when the dtypes differ or are not float.

    Example:
        >>> x = K.reshape(K.variable([1, 2, 3]), (1, 3, 1))
        >>> kernel = K.variable([[[1], [1]], [[1], [10]]])
        >>> K.eval(K.local_conv1d(x, kernel, (2,), (1,)))[0, :, 0]
        array([ 3., 32.], dtype=float32)
    """


@rule(local_conv1d)
def _(
    inputs: Spec | None,
    kernel: Spec | None,
    kernel_size: tuple[int, ...],
    strides: tuple[int, ...],
    data_format: str,
) -> Spec | None:
    windows = None if kernel is None or kernel.shape is None or not kernel.shape else kernel.shape[0]
    return _local(inputs, kernel, 1, kernel_size, strides, (windows,), data_format)


@op(one_dtype=("inputs", "kernel"))
def local_conv2d(
    inputs: TensorLike,
    kernel: TensorLike,
    kernel_size: Integers,
    strides: Integers,
    output_shape: Integers,
    data_format: DataFormat | None = None,
) -> Tensor:
    """Convolution over two axes with a kernel of its own for each window.

    Args:
        inputs: tensor (batch, rows, columns, channels), or (batch, channels, rows, columns) with channels first; a
            float dtype.
        kernel: tensor (windows, rows * columns * channels, filters) of the same dtype, the windows row by row; with
            channels first the elements are those of (channels, rows, columns).
        kernel_size: a window's rows and columns.
        strides: steps along rows and columns.
        output_shape: how many windows there are along rows and columns.
        data_format: "channels_last" or "channels_first"; None is `K.image_data_format()`.

    Returns:
        A tensor (batch, *output_shape, filters), or (batch, filters, *output_shape) with channels first.

    Raises:
        ValueError: when a rank is wrong (4, and 3 for the kernel), or the kernel or the image does not fit the windows.
        TypeError: when the dtypes differ or are not float.

    Example:
        >>> x = K.reshape(K.variable([[1, 2], [3, 4]]), (1, 2, 2, 1))
        >>> kernel = K.variable([[[1], [1]], [[1], [10]]])
        >>> K.eval(K.local_conv2d(x, kernel, (1, 2), (1, 1), (2, 1)))[0, :, :, 0]
        array([[ 3.],
               [43.]], dtype=float32)
    """


@rule(local_conv2d)
def _(
    inputs: Spec | None,
    kernel: Spec | None,
    kernel_size: tuple[int, ...],
    strides: tuple[int, ...],
    output_shape: tuple[int, ...],
    data_format: str,
) -> Spec | None:
    check_numbers(2, output_shape=output_shape)
    return _local(inputs, kernel, 2, kernel_size, strides, output_shape, data_format)


def _local(
    inputs: Spec | None,
    kernel: Spec | None,
    count: int,
    kernel_size: tuple[int, ...],
    strides: tuple[int, ...],
    output_shape: Shape,
    data_format: str,
) -> Spec | None:
    """The spec of a local convolution over `count` axes."""
    x, kernel = checked(inputs, FLOAT, "inputs"), checked(kernel, FLOAT, "kernel")
    dtype = common_dtype(x, kernel)
    check_numbers(count, kernel_size=kernel_size, strides=strides)
    found = image(x, count, data_format, "inputs")
    for length, size, stride, windows in zip(found.lengths, kernel_size, strides, output_shape, strict=True):
        if length is not None and windows is not None and (windows - 1) * stride + size > length:
            raise InvalidValue(f"expected an axis that holds {windows} windows of {size}; got one of {length}: {x}")
    channels = found.channels
    elements = None if channels is None else math.prod(kernel_size) * channels
    windows = None if None in output_shape else math.prod(n for n in output_shape if n is not None)
    filters = _filters(kernel, windows, elements)
    together = (*found.lead, windows, elements)
    if None not in together and math.prod(n for n in together if n is not None) > MOST_ELEMENTS:
        raise InvalidValue(f"expected windows of at most 2**30 elements together; got {together} (batch, windows, one)")
    return known(dtype, found._replace(lengths=output_shape, channels=filters).arranged(data_format))


def _filters(kernel: Spec, windows: int | None, elements: int | None) -> int | None:
    """The filters of a kernel for so many windows of so many elements."""
    if kernel.shape is None:
        return None
    expected = f"expected kernel of shape ({windows or 'windows'}, {elements or 'elements'}, filters)"
    if len(kernel.shape) != 3 or 0 in kernel.shape:
        raise InvalidValue(f"{expected}, each at least 1; got {kernel}")
    for asked, length in zip((windows, elements), kernel.shape, strict=False):
        if asked is not None and length is not None and asked != length:
            raise InvalidValue(f"{expected}; got {kernel}")
    return kernel.shape[-1]
