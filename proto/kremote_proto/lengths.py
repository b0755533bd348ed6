"""What is known of integers that shapes are made of: the lengths that `K.shape` gives, and what is computed of them.

They are the elements of a number or a vector, None for each that is not known; None alone where nothing is known.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from .specs import MOST_LENGTHS, Shape, Spec

#: Beyond it TensorFlow's integers wrap around.
LARGEST = 2**31 - 1


def part(x: Spec, index: Any) -> Shape | None:
    """What an index takes of a vector.

    >>> shape = Spec("int32", (3,), lengths=(None, 4, 5))
    >>> part(shape, -1), part(shape, slice(None, None, -1)), part(shape, slice(1, None))
    ((5,), (5, 4, None), (4, 5))
    """
    bounds = (index.start, index.stop, index.step) if isinstance(index, slice) else (index,)
    if index is None or x.lengths is None or x.ndim != 1:
        return None
    if any(bound is not None and type(bound) is not int for bound in bounds):
        return None
    return x.lengths[index] if isinstance(index, slice) else (x.lengths[index],)


def joined(parts: Sequence[Spec | None], shape: Shape) -> Shape | None:
    """Numbers, or vectors, one after the other; `shape` is what the parts have.

    >>> joined([Spec("int32", (), lengths=(4,)), Spec("int32", ())], ())
    (4, None)
    """
    found: list[int | None] = []
    for one in parts:
        if one is None or one.size is None or one.ndim != len(shape):
            return None
        found.extend((None,) * one.size if one.lengths is None else one.lengths)
    return tuple(found) if len(found) <= MOST_LENGTHS else None


def combined(operation: Callable[[int, int], int], x: Spec | None, y: Spec | None) -> Shape | None:
    """What is computed of two, each a number or a vector.

    >>> combined(operator.floordiv, Spec("int32", (2,), lengths=(None, 6)), Spec(None, (), lengths=(2,)))
    (None, 3)
    """
    if x is None or y is None or x.lengths is None or y.lengths is None:
        return None
    count = max(len(x.lengths), len(y.lengths))
    pairs = zip(_stretched(x.lengths, count), _stretched(y.lengths, count), strict=True)
    return tuple(_computed(operation, a, b) for a, b in pairs)


def _stretched(lengths: Shape, count: int) -> Shape:
    return lengths * count if len(lengths) == 1 else lengths


def _computed(operation: Callable[[int, int], int], a: int | None, b: int | None) -> int | None:
    if a is None or b is None or (operation is operator.floordiv and b == 0):
        return None
    result = operation(a, b)
    return result if abs(result) <= LARGEST else None
