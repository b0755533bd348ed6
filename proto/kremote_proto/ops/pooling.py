"""Pooling: the largest element or the mean of each window."""

from __future__ import annotations

from ..errors import InvalidValue
from ..handles import Tensor
from ..kinds import DataFormat, Integers, Padding, TensorLike
from ..op import op, rule
from ..operands import FLOAT, checked, known
from ..specs import Spec
from ..windows import check_numbers, check_padding, image, places


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
    return _pooled(x, 2, pool_size, strides, padding, data_format, pool_mode)


@op
def pool3d(
    x: TensorLike,
    pool_size: Integers,
    strides: Integers = (1, 1, 1),
    padding: Padding = "valid",
    data_format: DataFormat | None = None,
    pool_mode: str = "max",
) -> Tensor:
    """Largest element or mean of each window over three axes.

    Args:
        x: tensor (batch, planes, rows, columns, channels), or (batch, channels, planes, rows, columns) with channels
            first; a float dtype.
        pool_size: planes, rows and columns of the window.
        strides: steps along planes, rows and columns.
        padding: "valid" (none) or "same"; what is added does not count towards a mean.
        data_format: "channels_last" or "channels_first"; None is `K.image_data_format()`.
        pool_mode: "max" or "avg".

    Returns:
        A tensor of `x`'s dtype.

    Raises:
        ValueError: when the rank is not 5, the window is larger than the image, or the mode is another.
        TypeError: when `x` is not of a float dtype.

    Example:
        >>> x = K.reshape(K.variable([[[1, 2], [3, 4]], [[5, 6], [7, 8]]]), (1, 2, 2, 2, 1))
        >>> K.eval(K.pool3d(x, (2, 2, 1)))[0, 0, 0]
        array([[7.],
               [8.]], dtype=float32)
    """


@rule(pool3d)
def _(
    x: Spec | None,
    pool_size: tuple[int, ...],
    strides: tuple[int, ...],
    padding: str,
    data_format: str,
    pool_mode: str,
) -> Spec | None:
    return _pooled(x, 3, pool_size, strides, padding, data_format, pool_mode)


def _pooled(
    x: Spec | None,
    count: int,
    pool_size: tuple[int, ...],
    strides: tuple[int, ...],
    padding: str,
    data_format: str,
    pool_mode: str,
) -> Spec | None:
    """The spec of a pooling over `count` axes."""
    if pool_mode not in ("max", "avg"):
        raise InvalidValue(f"expected pool_mode 'max' or 'avg'; got {pool_mode!r}")
    x = checked(x, FLOAT)
    check_padding(padding)
    check_numbers(count, pool_size=pool_size, strides=strides)
    found = image(x, count, data_format)
    lengths = places(found.lengths, pool_size, strides, padding)
    return known(x.dtype, found._replace(lengths=lengths).arranged(data_format))
