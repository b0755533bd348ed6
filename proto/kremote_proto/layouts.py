"""Static shapes of rearranged tensors: stacked, transposed, tiled, sliced, padded, enlarged.

Counts and places that are not known are None; Ellipsis stands for a list of them of which not even the length is known.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import EllipsisType

from .errors import InvalidValue
from .shapes import all_from_front, from_front, merge, show
from .specs import Shape

Integers = Sequence[int | None] | EllipsisType


def told(*counts: Integers | int | None) -> bool:
    """Whether every count is known; where a tensor has one, the engine may know it.

    >>> told((1, 2), 3), told((1, None)), told(...)
    (True, False, False)
    """
    return all(None not in (count if isinstance(count, Sequence) else [count]) and count != ... for count in counts)


def product(lengths: Sequence[int | None]) -> int | None:
    """How many elements lengths make, None where it is not known.

    >>> product((2, None)), product((2, 3)), product((None, 0))
    (None, 6, 0)
    """
    if 0 in lengths:
        return 0
    return None if None in lengths else math.prod(n for n in lengths if n is not None)


def batch_flatten(shape: Shape) -> Shape:
    """A batch of vectors; a scalar is a batch of one.

    >>> batch_flatten((None, 2, 3)), batch_flatten(())
    ((None, 6), (1, 1))
    """
    return (shape[0] if shape else 1, product(shape[1:]))


def expand_dims(shape: Shape, axis: int) -> Shape:
    """One axis of length 1 more, at `axis` of the result.

    >>> expand_dims((2, 3), -1), expand_dims((2, 3), 0)
    ((2, 3, 1), (1, 2, 3))
    """
    position = from_front(axis, len(shape) + 1)
    return (*shape[:position], 1, *shape[position:])


def squeeze(shape: Shape, axis: int) -> Shape:
    """One axis, of length 1, less.

    >>> squeeze((2, 1, 3), 1), squeeze((None, 3), 0)
    ((2, 3), (3,))
    """
    position = from_front(axis, len(shape))
    if shape[position] not in (1, None):
        raise InvalidValue(f"expected axis {axis} to be of length 1; got {show(shape)}")
    return (*shape[:position], *shape[position + 1 :])


def stack(shapes: Sequence[Shape | None], axis: int) -> Shape | None:
    """The shape of tensors side by side along a new axis.

    >>> stack([(2, None), (None, 3)], -1)
    (2, 3, 2)
    """
    shape: Shape | None = None
    for one in shapes:
        shape = merge(shape, one)
    if shape is None:
        return None
    position = from_front(axis, len(shape) + 1)
    return (*shape[:position], len(shapes), *shape[position:])


def permute(shape: Shape | None, pattern: Integers | None) -> Shape | None:
    """The shape with its axes in another order; no pattern is from the last to the first.

    >>> permute((2, 3, 4), (2, 0, 1)), permute((2, 3), None), permute(None, (1, 0))
    ((4, 2, 3), (3, 2), (None, None))
    """
    if pattern is None:
        return None if shape is None else shape[::-1]
    if isinstance(pattern, EllipsisType):
        return None if shape is None else (None,) * len(shape)
    rank = len(pattern)
    if shape is not None and len(shape) != rank:
        raise InvalidValue(f"expected a pattern of the {len(shape)} axes of {show(shape)}; got {show(tuple(pattern))}")
    all_from_front([axis for axis in pattern if axis is not None], rank)
    return tuple(None if shape is None or axis is None else shape[axis] for axis in pattern)


def repeat(shape: Shape, rep: int | None, axis: int) -> Shape:
    """The shape with an axis as long as `rep` of it.

    >>> repeat((2, 3), 2, -1)
    (2, 6)
    """
    position = from_front(axis, len(shape))
    if rep is not None and rep < 0:
        raise InvalidValue(f"expected a count of 0 or more; got {rep}")
    return (*shape[:position], product((shape[position], rep)), *shape[position + 1 :])


def tile(shape: Shape | None, n: Integers) -> Shape | None:
    """The shape of a tensor several times along its axes, the last ones where there are fewer counts.

    >>> tile((2, None), (3, 2)), tile((2, 3), (2,))
    ((6, None), (2, 6))
    """
    if shape is None or isinstance(n, EllipsisType):
        return None if shape is None else (None,) * len(shape)
    if len(n) > len(shape):
        raise InvalidValue(f"expected a count for each axis of {show(shape)}, or for the last ones; got {len(n)}")
    if [count for count in n if count is not None and count < 0]:
        raise InvalidValue(f"expected counts of 0 or more; got {show(tuple(n))}")
    counts = (1,) * (len(shape) - len(n)) + tuple(n)
    return tuple(product(pair) for pair in zip(shape, counts, strict=True))


def slice_of(shape: Shape | None, start: Integers, size: Integers) -> Shape | None:
    """The shape of a part, by where it starts and how long it is; -1 is the rest.

    >>> slice_of((5, None), (1, 2), (-1, 3))
    (4, 3)
    """
    known = [len(one) for one in (shape, start, size) if one is not None and not isinstance(one, EllipsisType)]
    if not known:
        return None
    rank = known[0]
    if known.count(rank) < len(known):
        what = "tensors whose rank is not known" if shape is None else show(shape)
        raise InvalidValue(f"expected a start and a size for each axis of {what}; got {known[-2]} and {known[-1]}")
    unknown: Shape = (None,) * rank
    starts = unknown if isinstance(start, EllipsisType) else start
    sizes = unknown if isinstance(size, EllipsisType) else size
    return tuple(_part(*one) for one in zip(range(rank), shape or unknown, starts, sizes, strict=True))


def _part(axis: int, length: int | None, start: int | None, size: int | None) -> int | None:
    if start is not None and (start < 0 or (length is not None and start > length)):
        raise InvalidValue(f"expected a start within axis {axis} of length {_shown(length)}; got {start}")
    if size is not None and (size < -1 or (length is not None and size > length - (start or 0))):
        raise InvalidValue(
            f"expected a size within what axis {axis}, of length {_shown(length)}, has from {_shown(start)} on, "
            f"or -1 for all of it; got {size}"
        )
    if size == -1:
        return None if length is None or start is None else length - start
    return size


def _shown(length: int | None) -> str:
    return "?" if length is None else str(length)


def pad(shape: Shape | None, around: Sequence[Sequence[int | None]]) -> Shape:
    """The shape with so much before and after each axis.

    >>> pad((2, None), [(0, 1), (1, 1)])
    (3, None)
    """
    lengths: Shape = (None,) * len(around) if shape is None else shape
    if [n for pair in around for n in pair if n is not None and n < 0]:
        raise InvalidValue(f"expected paddings of 0 or more; got {[list(pair) for pair in around]}")
    sums = [(length, *pair) for length, pair in zip(lengths, around, strict=True)]
    return tuple(None if None in parts else sum(n for n in parts if n is not None) for parts in sums)
