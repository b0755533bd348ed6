"""Zeros around the axes of time and space."""

from __future__ import annotations

from types import EllipsisType
from typing import Any

from .. import layouts
from ..errors import FailedAssertion, InvalidValue
from ..handles import Tensor
from ..kinds import DataFormat, IntegersLike, Paddings, TensorLike
from ..op import op, rule
from ..operands import ANY, checked, known
from ..specs import Spec

Pair = tuple[int | None, int | None]


@op
def temporal_padding(x: TensorLike, padding: IntegersLike = (1, 1)) -> Tensor:
    """Zeros before and after the steps of sequences.

    Args:
        x: tensor or variable (samples, steps, elements).
        padding: how many steps of zeros to put before and after. It, or an entry, may be an integer tensor.

    Returns:
        A tensor of `x`'s dtype.

    Raises:
        ValueError: when the rank is not 3, a padding is negative, or there are not two (an `AssertionError` as well).

    Example:
        >>> K.eval(K.temporal_padding(K.ones((1, 2, 1)), (1, 2)))[0, :, 0]
        array([0., 1., 1., 0., 0.], dtype=float32)
    """


@rule(temporal_padding)
def _(x: Spec | None, padding: Any) -> Spec | None:
    return _padded(x, [padding], 1)


@op
def spatial_2d_padding(
    x: TensorLike, padding: Paddings = ((1, 1), (1, 1)), data_format: DataFormat | None = None
) -> Tensor:
    """Zeros around images.

    Args:
        x: tensor or variable (samples, rows, columns, channels), or (samples, channels, rows, columns) with channels
            first.
        padding: how many zeros to put before and after the rows, and the columns. An entry may be an integer tensor.
        data_format: "channels_last" or "channels_first"; None is `K.image_data_format()`.

    Returns:
        A tensor of `x`'s dtype.

    Raises:
        ValueError: when the rank is not 4, a padding is negative, or there are not two pairs (an `AssertionError` as
            well).

    Example:
        >>> K.eval(K.spatial_2d_padding(K.ones((1, 1, 2, 1)), ((1, 0), (0, 1))))[0, :, :, 0]
        array([[0., 0., 0.],
               [1., 1., 0.]], dtype=float32)
    """


@rule(spatial_2d_padding)
def _(x: Spec | None, padding: list[Any], data_format: str) -> Spec | None:
    return _padded(x, _checked_count(padding, 2), 2 if data_format == "channels_first" else 1)


@op
def spatial_3d_padding(
    x: TensorLike, padding: Paddings = ((1, 1), (1, 1), (1, 1)), data_format: DataFormat | None = None
) -> Tensor:
    """Zeros around volumes.

    Args:
        x: tensor or variable (samples, depth, rows, columns, channels), or (samples, channels, depth, rows, columns)
            with channels first.
        padding: how many zeros to put before and after the depth, the rows and the columns. An entry may be an integer
            tensor.
        data_format: "channels_last" or "channels_first"; None is `K.image_data_format()`.

    Returns:
        A tensor of `x`'s dtype.

    Raises:
        ValueError: when the rank is not 5, a padding is negative, or there are not three pairs (an `AssertionError` as
            well).

    Example:
        >>> K.int_shape(K.spatial_3d_padding(K.ones((1, 2, 2, 2, 1)), ((1, 1), (0, 0), (2, 1))))
        (1, 4, 2, 5, 1)
    """


@rule(spatial_3d_padding)
def _(x: Spec | None, padding: list[Any], data_format: str) -> Spec | None:
    return _padded(x, _checked_count(padding, 3), 2 if data_format == "channels_first" else 1)


def _checked_count(padding: list[Any], count: int) -> list[Any]:
    if len(padding) != count:
        raise FailedAssertion(f"expected {count} pairs of integers as padding; got {len(padding)}")
    return padding


def _padded(x: Spec | None, padding: list[Any], first: int) -> Spec | None:
    """The spec with pairs of paddings around the axes from `first` on."""
    x = checked(x, ANY)
    pairs = [_pair(one) for one in padding]
    rank = len(pairs) + 2
    if x.shape is not None and len(x.shape) != rank:
        raise InvalidValue(f"expected x of rank {rank}; got {x}")
    none: list[Pair] = [(0, 0)]
    shape = layouts.pad(x.shape, none * first + pairs + none * (rank - first - len(pairs)))
    return known(x.dtype, shape) if layouts.told(*pairs) else None


def _pair(padding: Any) -> Pair:
    if isinstance(padding, EllipsisType):
        return (None, None)
    if len(padding) != 2:
        raise FailedAssertion(f"expected two integers as a padding; got {len(padding)}")
    before, after = padding
    return before, after
