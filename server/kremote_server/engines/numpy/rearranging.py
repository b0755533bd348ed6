"""Elements in another order, repeated, or some of them."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from kremote_proto import layouts

from .operands import check_elements, dense, lengths


def permute_dimensions(x: Any, pattern: Any) -> Any:
    """The axes in another order."""
    return np.transpose(dense(x), None if pattern is None else lengths(pattern))


def repeat(x: Any, n: Any) -> Any:
    """A matrix along a new axis."""
    (count,) = lengths((n,))
    return tile(dense(x)[:, np.newaxis], (1, count, 1))


def repeat_elements(x: Any, rep: int, axis: int) -> Any:
    """Each element of an axis several times."""
    return np.repeat(dense(x), rep, axis)


def reverse(x: Any, axes: Any) -> Any:
    """Axes in the other direction."""
    return np.flip(dense(x), lengths(axes))


def slice(x: Any, start: Any, size: Any) -> Any:
    """A part, by where it starts and how long it is; -1 is the rest."""
    x, starts, sizes = dense(x), lengths(start), lengths(size)
    layouts.slice_of(x.shape, starts, sizes)  # it says what is outside, which numpy cuts off
    ends = [None if count == -1 else first + count for first, count in zip(starts, sizes, strict=True)]
    return x[tuple(builtins.slice(first, end) for first, end in zip(starts, ends, strict=True))]


def tile(x: Any, n: Any) -> Any:
    """A tensor several times along each axis; where there are fewer counts, along the last ones."""
    x, counts = dense(x), lengths(n)
    check_elements(layouts.tile(x.shape, counts))
    return np.tile(x, counts)
