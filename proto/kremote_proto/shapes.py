"""Arithmetic on static shapes, in which a length may be unknown (None): what rules say about results.

Every function raises `InvalidValue` for shapes that cannot meet, and reads None for a shape of unknown rank.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from .errors import InvalidValue
from .specs import Shape


def show(shape: Shape | None) -> str:
    """A shape as messages print it.

    >>> show((2, None))
    '[2, ?]'
    """
    return "[?]" if shape is None else f"[{', '.join('?' if n is None else str(n) for n in shape)}]"


def broadcast(x: Shape | None, y: Shape | None) -> Shape | None:
    """The shape of an elementwise result, by numpy's rules.

    >>> broadcast((2, 1), (None, 3)), broadcast((4,), (None, None))
    ((2, 3), (None, 4))
    """
    if x is None or y is None:
        return None
    rank = max(len(x), len(y))
    pairs = zip((1,) * (rank - len(x)) + x, (1,) * (rank - len(y)) + y, strict=True)
    lengths: list[int | None] = []
    for a, b in pairs:
        if a == 1 or b == 1:
            lengths.append(b if a == 1 else a)
        elif a is not None and b is not None and a != b:
            raise InvalidValue(f"expected shapes that broadcast; got {show(x)} and {show(y)}")
        else:
            lengths.append(b if a is None else a)
    return tuple(lengths)


def merge(x: Shape | None, y: Shape | None) -> Shape | None:
    """What is known of one shape from two that must be equal.

    >>> merge((2, None), (None, 3))
    (2, 3)
    """
    if x is None or y is None:
        return y if x is None else x
    if not compatible(x, y):
        raise InvalidValue(f"expected equal shapes; got {show(x)} and {show(y)}")
    return tuple(b if a is None else a for a, b in zip(x, y, strict=True))


def compatible(x: Shape | None, y: Shape | None) -> bool:
    """Whether two shapes may be equal."""
    if x is None or y is None:
        return True
    return len(x) == len(y) and all(a is None or b is None or a == b for a, b in zip(x, y, strict=True))


def from_front(axis: int, rank: int) -> int:
    """An axis counted from the front.

    >>> from_front(-1, 3)
    2
    """
    if not -rank <= axis < rank:
        inside = f"in [{-rank}, {rank})" if rank else "None, for a tensor of rank 0"
        raise InvalidValue(f"expected an axis {inside}; got {axis}")
    return axis % rank


def all_from_front(axis: int | Sequence[int] | None, rank: int) -> list[int]:
    """One axis, several or (None) all, counted from the front."""
    if axis is None:
        return list(range(rank))
    axes = [from_front(one, rank) for one in ([axis] if isinstance(axis, int) else axis)]
    if len(set(axes)) < len(axes):
        raise InvalidValue(f"expected each axis once; got {axis}")
    return axes


def reduce(shape: Shape | None, axis: int | Sequence[int] | None, keepdims: bool = False) -> Shape | None:
    """The shape left by a reduction.

    >>> reduce((2, 3, 4), [0, -1]), reduce((2, None), 1, keepdims=True)
    ((3,), (2, 1))
    """
    if shape is None:
        return () if axis is None and not keepdims else None
    axes = all_from_front(axis, len(shape))
    if keepdims:
        return tuple(1 if i in axes else n for i, n in enumerate(shape))
    return tuple(n for i, n in enumerate(shape) if i not in axes)


def reshape(shape: Shape | None, wanted: Shape) -> Shape | None:
    """The shape asked for, with what -1 stands for.

    >>> reshape((2, 6), (3, -1)), reshape((None, 4), (-1, 2)), reshape((0, 3), (0, -1)), reshape((2, 6), (None, 3))
    ((3, 4), (None, 2), (0, 3), (None, 3))
    """
    asked = [n for n in wanted if n is not None]
    if any(n < -1 for n in asked) or asked.count(-1) > 1:
        raise InvalidValue(f"expected lengths of 0 or more, at most one of them -1; got {show(wanted)}")
    if None in wanted or shape is None or (None in shape and (0 not in shape or 0 in asked)):
        return tuple(None if n == -1 else n for n in wanted)
    lengths = [n for n in shape if n is not None]
    free = _left_open(lengths, asked) if -1 in asked else None
    found = tuple(free if n == -1 else n for n in asked)
    if None in found or math.prod(lengths) != math.prod(n for n in found if n is not None):
        raise InvalidValue(f"expected a shape that holds the elements of {show(shape)}; got {show(wanted)}")
    return found


def _left_open(lengths: Sequence[int], asked: Sequence[int]) -> int | None:
    """What -1 stands for, None if nothing fits. Beside a length 0 it is what the other lengths leave open."""
    without = 0 in asked
    fixed = math.prod(n for n in asked if n > 0)
    size = math.prod(n for n in lengths if n or not without)
    return None if size % fixed and not (without and 0 in lengths) else size // fixed


def concatenate(shapes: Sequence[Shape | None], axis: int) -> Shape | None:
    """The shape of tensors joined along an axis.

    >>> concatenate([(2, 3), (None, 4)], -1)
    (2, 7)
    """
    known = [shape for shape in shapes if shape is not None]
    if not known:
        return None
    rank = len(known[0])
    position = from_front(axis, rank)
    others: Shape = (None,) * (rank - 1)
    for shape in known:
        rest = shape[:position] + shape[position + 1 :]
        if len(shape) != rank or not compatible(others, rest):
            got = ", ".join(show(one) for one in shapes)
            raise InvalidValue(f"expected shapes equal in every length but that of axis {axis}; got {got}")
        others = tuple(b if a is None else a for a, b in zip(others, rest, strict=True))
    along = [None if shape is None else shape[position] for shape in shapes]
    total = None if None in along else sum(n for n in along if n is not None)
    return (*others[:position], total, *others[position:])


def window(length: int | None, size: int | None, stride: int, padding: str, dilation: int = 1) -> int | None:
    """How many times a window fits along an axis.

    >>> window(5, 2, 2, "valid"), window(5, 2, 2, "same"), window(5, 2, 1, "valid", dilation=3)
    (2, 3, 2)
    """
    if length is None:
        return None
    if padding == "same":
        return -(-length // stride)
    if size is None:
        return None
    reach = (size - 1) * dilation + 1
    if reach > length:
        raise InvalidValue(f"expected a window no longer than the axis, {length}; got {reach} (padding 'same' fits)")
    return (length - reach) // stride + 1
