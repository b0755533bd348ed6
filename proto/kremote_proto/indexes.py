"""The shape of `x[index]`."""

from __future__ import annotations

from typing import Any

import numpy as np

from .dtypes import INTEGERS
from .errors import InvalidType, InvalidValue
from .shapes import compatible, show
from .specs import Shape, Spec


def indexed(shape: Shape, index: tuple[Any, ...]) -> Shape | None:
    """The shape of a part; None where it depends on values.

    >>> indexed((2, 3, 4), (0, ..., slice(None, None, 2))), indexed((2, 3), (None, slice(1, None)))
    ((3, 2), (1, 1, 3))
    """
    if index and isinstance(index[0], Spec) and index[0].shape != ():
        return _picked(shape, index[0], index[1:])
    entries = _without_ellipsis(index, len(shape))
    lengths: list[int | None] = []
    axis = 0
    for entry in entries:
        if entry is None:
            lengths.append(1)
            continue
        if isinstance(entry, slice):
            bounds = (entry.start, entry.stop, entry.step)
            told = not any(isinstance(bound, Spec) for bound in bounds)
            lengths.append(_sliced(shape[axis], entry) if told else None)
        else:
            _check_integer(entry, axis, shape)
        axis += 1
    return (*lengths, *shape[axis:])


def _picked(shape: Shape, first: Spec, rest: tuple[Any, ...]) -> Shape | None:
    """What a tensor as the first index picks."""
    if first.dtype == "bool":
        _check_mask(shape, first.shape, rest)
        return None
    if first.dtype is not None and first.dtype not in INTEGERS:
        raise InvalidType(f"expected indices of integers or bool; got {first}")
    if not shape:
        raise InvalidValue("expected at most 0 indices for a tensor of rank 0; got 1")
    part = indexed(shape[1:], rest)
    return None if first.shape is None or part is None else first.shape + part


def _check_mask(shape: Shape, mask: Shape | None, rest: tuple[Any, ...]) -> None:
    if rest:
        raise InvalidType(f"expected a bool tensor alone between the brackets; got {len(rest) + 1} indices")
    if mask is not None and not compatible(mask, shape[: len(mask)]):
        raise InvalidValue(f"expected a mask whose shape begins that of the tensor, {show(shape)}; got {show(mask)}")


def _without_ellipsis(index: tuple[Any, ...], rank: int) -> list[Any]:
    """The entries with the ellipsis written out as full slices."""
    positions = [i for i, entry in enumerate(index) if entry is Ellipsis]
    used = len(index) - len(positions) - sum(entry is None for entry in index)
    if len(positions) > 1:
        raise InvalidValue(f"expected at most one ellipsis among the indices; got {len(positions)}")
    if used > rank:
        raise InvalidValue(f"expected at most {rank} indices for a tensor of rank {rank}; got {used}")
    if not positions:
        return list(index)
    (position,) = positions
    return [*index[:position], *[slice(None)] * (rank - used), *index[position + 1 :]]


def _sliced(length: int | None, entry: slice) -> int | None:
    for bound in (entry.start, entry.stop, entry.step):
        if bound is not None and not isinstance(bound, int | np.integer):
            raise InvalidType(f"expected integers in a slice; got {bound!r}")
    if entry.step == 0:
        raise InvalidValue("expected a slice step other than 0; got 0")
    if length is not None:
        return len(range(length)[entry])
    return None


def _check_integer(entry: Any, axis: int, shape: Shape) -> None:
    if isinstance(entry, Spec):
        if entry.shape not in ((), None) or (entry.dtype is not None and entry.dtype not in INTEGERS):
            raise InvalidType(f"expected a scalar integer tensor as index of axis {axis}; got {entry}")
        return
    length = shape[axis]
    if length is not None and not -length <= int(entry) < length:
        raise InvalidValue(f"index {int(entry)} is out of bounds for axis {axis} with length {length}")
