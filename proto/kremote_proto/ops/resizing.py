"""Images and volumes enlarged by whole factors."""

from __future__ import annotations

import math

from ..errors import InvalidValue, shown
from ..handles import Tensor
from ..kinds import DataFormat, TensorLike
from ..op import op, rule
from ..operands import ANY, RESIZABLE, checked, known
from ..shapes import show
from ..specs import Shape, Spec

#: What engines count the rows and columns of an image in: a signed integer of 32 bits.
LONGEST = 2**31 - 1
INTERPOLATIONS = ("area", "bicubic", "bilinear", "gaussian", "lanczos3", "lanczos5", "mitchellcubic", "nearest")


@op
def resize_images(
    x: TensorLike,
    height_factor: float,
    width_factor: float,
    data_format: DataFormat | None,
    interpolation: str = "nearest",
) -> Tensor:
    """Images enlarged by whole factors. An interpolation looks from the middle of each pixel.

    Args:
        x: tensor or variable (samples, rows, columns, channels), or (samples, channels, rows, columns) with channels
            first; of a float dtype or an integer one but uint32 and uint64.
        height_factor: how many times as many rows; a fraction is cut off.
        width_factor: how many times as many columns; a fraction is cut off.
        data_format: "channels_last" or "channels_first"; None is `K.image_data_format()`.
        interpolation: "nearest", "bilinear", "bicubic", "area", "lanczos3", "lanczos5", "gaussian" or "mitchellcubic".

    Returns:
        A tensor of dtype float32; of `x`'s dtype where the interpolation is "nearest".

    Raises:
        ValueError: when the rank is not 4, an image has no pixels or channels, a factor is below 1, or the
            interpolation is another.
        TypeError: when `x` is of another dtype.

    Example:
        >>> x = K.reshape(K.variable([[1, 3]]), (1, 1, 2, 1))
        >>> K.eval(K.resize_images(x, 1, 2, "channels_last"))[0, :, :, 0]
        array([[1., 1., 3., 3.]], dtype=float32)
        >>> K.eval(K.resize_images(x, 1, 2, "channels_last", "bilinear"))[0, :, :, 0]
        array([[1. , 1.5, 2.5, 3. ]], dtype=float32)
    """


@rule(resize_images)
def _(x: Spec | None, height_factor: float, width_factor: float, data_format: str, interpolation: str) -> Spec | None:
    return resized(x, [height_factor, width_factor], data_format, interpolation, INTERPOLATIONS)


def resized(
    x: Spec | None, factors: list[float], data_format: str, interpolation: str, known_ones: tuple[str, ...]
) -> Spec | None:
    """The spec of enlarged images."""
    if interpolation not in known_ones:
        raise InvalidValue(f"expected interpolation {' or '.join(map(repr, known_ones))}; got {shown(interpolation)}")
    x = checked(x, RESIZABLE)
    shape = _enlarged(x, factors, data_format)
    if 0 in shape[1:]:
        raise InvalidValue(f"expected images of at least one pixel and channel; got {x}")
    return known(x.dtype if interpolation == "nearest" else "float32", shape)


def _enlarged(x: Spec, factors: list[float], data_format: str) -> Shape:
    """The shape with the axes of space as many times as long."""
    rank = len(factors) + 2
    if x.shape is not None and len(x.shape) != rank:
        raise InvalidValue(f"expected x of rank {rank}; got {x}")
    whole = [_whole(factor) for factor in factors]
    by = [1, 1, *whole] if data_format == "channels_first" else [1, *whole, 1]
    lengths = x.shape or (None,) * rank
    shape = tuple(None if n is None else n * factor for n, factor in zip(lengths, by, strict=True))
    if [n for n in shape if n is not None and n > LONGEST]:
        raise InvalidValue(f"expected a result whose lengths are at most 2**31 - 1; got {show(shape)}")
    return shape


def _whole(factor: float) -> int:
    if not (math.isfinite(factor) and 1 <= factor <= LONGEST):
        raise InvalidValue(f"expected factors from 1 to 2**31 - 1; got {factor}")
    return int(factor)


@op
def resize_volumes(
    x: TensorLike, depth_factor: int, height_factor: int, width_factor: int, data_format: DataFormat | None
) -> Tensor:
    """Volumes enlarged by whole factors, each element repeated.

    Args:
        x: tensor or variable (samples, depth, rows, columns, channels), or (samples, channels, depth, rows, columns)
            with channels first.
        depth_factor: how many times as deep.
        height_factor: how many times as many rows.
        width_factor: how many times as many columns.
        data_format: "channels_last" or "channels_first"; None is `K.image_data_format()`.

    Returns:
        A tensor of `x`'s dtype.

    Raises:
        ValueError: when the rank is not 5, or a factor is below 1.

    Example:
        >>> K.int_shape(K.resize_volumes(K.ones((1, 2, 3, 4, 1)), 2, 1, 3, "channels_last"))
        (1, 4, 3, 12, 1)
    """


@rule(resize_volumes)
def _(x: Spec | None, depth_factor: int, height_factor: int, width_factor: int, data_format: str) -> Spec | None:
    x = checked(x, ANY)
    return known(x.dtype, _enlarged(x, [depth_factor, height_factor, width_factor], data_format))
