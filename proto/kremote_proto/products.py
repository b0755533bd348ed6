"""The shapes of products: dot, matmul and batch_dot."""

from __future__ import annotations

from collections.abc import Sequence

from .errors import InvalidValue
from .shapes import broadcast, from_front, show
from .specs import Shape


def dot(x: Shape | None, y: Shape | None) -> Shape | None:
    """The last axis of `x` summed with the second-to-last of `y`. `x` may be of rank 1 where `y` is more than a matrix.

    >>> dot((2, 3), (4, 3, 5)), dot((3,), (4, 3, 5))
    ((2, 4, 5), (4, 5))
    """
    if x is None or y is None:
        return None
    _check_matrices((1, *x) if len(x) == 1 and len(y) > 2 else x, y)
    return x[:-1] + y[:-2] + y[-1:]


def matmul(x: Shape | None, y: Shape | None) -> Shape | None:
    """Matrix products over the last two axes, the others broadcast.

    >>> matmul((7, 1, 2, 3), (5, 3, 4))
    (7, 5, 2, 4)
    """
    if x is None or y is None:
        return None
    _check_matrices(x, y)
    batches = broadcast(x[:-2], y[:-2])
    assert batches is not None
    return (*batches, x[-2], y[-1])


def _check_matrices(x: Shape, y: Shape) -> None:
    if len(x) < 2 or len(y) < 2:
        raise InvalidValue(f"expected x and y of rank 2 or more; got {show(x)} and {show(y)}")
    _check_summed(x, y)


def _check_summed(x: Shape, y: Shape) -> None:
    if x[-1] != y[-2] and x[-1] is not None and y[-2] is not None:
        raise InvalidValue(
            f"expected the last length of x to equal the second-to-last of y; got {show(x)} and {show(y)}"
        )


def batch_dot(x: Shape | None, y: Shape | None, axes: int | Sequence[int] | None) -> Shape | None:
    """One axis of each summed, sample by sample.

    >>> batch_dot((100, 20), (100, 30, 20), (1, 2)), batch_dot((4, 2), (4, 2), 1)
    ((100, 30), (4, 1))
    """
    if x is None or y is None:
        return None
    if len(x) < 2 or len(y) < 2:
        raise InvalidValue(f"expected x and y of rank 2 or more; got {show(x)} and {show(y)}")
    x_axis, y_axis = _summed_axes(len(x), len(y), axes)
    for what, a, b in (("batch", x[0], y[0]), ("summed", x[x_axis], y[y_axis])):
        if a != b and a is not None and b is not None:
            raise InvalidValue(f"expected equal {what} lengths; got {a} and {b} (shapes {show(x)} and {show(y)})")
    rest = x[1:x_axis] + x[x_axis + 1 :] + y[1:y_axis] + y[y_axis + 1 :]
    return (y[0] if x[0] is None else x[0], *(rest or (1,)))


def _summed_axes(x_rank: int, y_rank: int, axes: int | Sequence[int] | None) -> tuple[int, int]:
    if axes is None:
        return x_rank - 1, y_rank - 1 if y_rank == 2 else y_rank - 2
    both = [axes, axes] if isinstance(axes, int) else list(axes)
    if len(both) != 2:
        raise InvalidValue(f"expected one axis, or one of x and one of y; got {axes}")
    x_axis, y_axis = from_front(both[0], x_rank), from_front(both[1], y_rank)
    if 0 in (x_axis, y_axis):
        raise InvalidValue(f"expected axes other than the batch, axis 0; got {axes}")
    return x_axis, y_axis
