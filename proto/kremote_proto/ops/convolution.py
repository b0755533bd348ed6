"""Convolution and pooling."""

from __future__ import annotations

from ..handles import Tensor
from ..kinds import DataFormat, Integers, Padding, TensorLike
from ..op import op


@op
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
        kernel: tensor (rows, columns, channels, filters) of the same dtype, in either data format.
        strides: steps along rows and columns.
        padding: "valid" (none) or "same".
        data_format: "channels_last" or "channels_first"; None is `K.image_data_format()`.
        dilation_rate: distances between the kernel's elements; strides are 1 where it is not.

    Returns:
        A tensor of `x`'s dtype, with `filters` for channels.

    Raises:
        ValueError: when a rank is not 4, the channels differ, the kernel is larger than the image, or strides and
            dilation are both above 1.
        TypeError: when the dtypes differ or are not float.

    Example:
        >>> x, kernel = K.ones((1, 3, 3, 1)), K.ones((2, 2, 1, 1))
        >>> K.eval(K.conv2d(x, kernel))[0, :, :, 0]
        array([[4., 4.],
               [4., 4.]], dtype=float32)
    """


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
