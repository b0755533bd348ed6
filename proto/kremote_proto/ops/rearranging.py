"""Elements in another order, repeated, or some of them."""

from __future__ import annotations

from types import EllipsisType
from typing import Any

from .. import layouts
from ..errors import FailedAssertion
from ..handles import Tensor
from ..kinds import IntegerLike, IntegersLike, TensorLike
from ..op import op, rule
from ..operands import ANY, checked, known
from ..shapes import all_from_front
from ..specs import Spec


@op
def permute_dimensions(x: TensorLike, pattern: IntegersLike | None) -> Tensor:
    """A tensor with its axes in another order.

    Args:
        x: tensor or variable.
        pattern: for each axis of the result the axis of `x` it is, each in [-rank, rank); None is from the last to the
            first.

    Returns:
        A tensor of `x`'s dtype.

    Raises:
        ValueError: when the pattern does not name each axis once.

    Example:
        >>> K.int_shape(K.permute_dimensions(K.zeros((2, 3, 4)), (2, 0, 1)))
        (4, 2, 3)
    """


@rule(permute_dimensions)
def _(x: Spec | None, pattern: Any) -> Spec | None:
    x = checked(x, ANY)
    shape = layouts.permute(x.shape, pattern)
    return known(x.dtype, shape) if pattern is None or layouts.told(pattern) else None


@op
def repeat(x: TensorLike, n: IntegerLike) -> Tensor:
    """A matrix repeated along a new axis, from (samples, elements) to (samples, `n`, elements).

    Args:
        x: tensor or variable of rank 2.
        n: how many times: an integer, or a scalar integer tensor.

    Returns:
        A tensor of `x`'s dtype, rank 3.

    Raises:
        ValueError: when the rank is not 2 (an `AssertionError` as well), or `n` is negative.

    Example:
        >>> K.eval(K.repeat(K.variable([[1, 2], [3, 4]]), 2))
        array([[[1., 2.],
                [1., 2.]],
        <BLANKLINE>
               [[3., 4.],
                [3., 4.]]], dtype=float32)
    """


@rule(repeat)
def _(x: Spec | None, n: int | None) -> Spec | None:
    x = checked(x, ANY)
    if x.shape is not None and len(x.shape) != 2:
        raise FailedAssertion(f"expected x of rank 2; got {x}")
    samples, elements = x.shape or (None, None)
    shape = layouts.repeat((samples, 1, elements), n, 1)
    return known(x.dtype, shape)


@op
def repeat_elements(x: TensorLike, rep: int, axis: int) -> Tensor:
    """Each element of an axis several times, as `numpy.repeat`.

    Args:
        x: tensor or variable.
        rep: how many times.
        axis: the axis, in [-rank, rank).

    Returns:
        A tensor of `x`'s dtype, `rep` times as long along `axis`.

    Raises:
        ValueError: when the axis is outside the rank, or `rep` is negative.

    Example:
        >>> K.eval(K.repeat_elements(K.variable([1, 2, 3]), rep=2, axis=0))
        array([1., 1., 2., 2., 3., 3.], dtype=float32)
    """


@rule(repeat_elements)
def _(x: Spec | None, rep: int, axis: int) -> Spec | None:
    x = checked(x, ANY)
    return None if x.shape is None else known(x.dtype, layouts.repeat(x.shape, rep, axis))


@op
def reverse(x: TensorLike, axes: IntegersLike) -> Tensor:
    """A tensor with the elements of some axes in the opposite order.

    Args:
        x: tensor or variable.
        axes: an axis or a list of axes, each in [-rank, rank).

    Returns:
        A tensor of `x`'s dtype and shape.

    Raises:
        ValueError: when an axis is outside the rank or named twice.

    Example:
        >>> K.eval(K.reverse(K.variable([[1, 2], [3, 4]]), axes=1))
        array([[2., 1.],
               [4., 3.]], dtype=float32)
    """


@rule(reverse)
def _(x: Spec | None, axes: Any) -> Spec | None:
    x = checked(x, ANY)
    if x.shape is not None and not isinstance(axes, EllipsisType):
        all_from_front([axis for axis in axes if axis is not None], len(x.shape))
    return known(x.dtype, x.shape)


@op
def slice(x: TensorLike, start: IntegersLike, size: IntegersLike) -> Tensor:
    """Part of a tensor, by where it starts and how long it is.

    Args:
        x: tensor or variable.
        start: for each axis the place of the first element taken. It, or an entry, may be an integer tensor.
        size: for each axis how many elements are taken, -1 for all that follow. It, or an entry, may be an integer
            tensor.

    Returns:
        A tensor of `x`'s dtype and rank.

    Raises:
        ValueError: when there is not one start and one size for each axis, or the part is not within `x`.

    Example:
        >>> K.eval(K.slice(K.variable([[1, 2, 3], [4, 5, 6]]), start=(0, 1), size=(-1, 2)))
        array([[2., 3.],
               [5., 6.]], dtype=float32)
    """


@rule(slice)
def _(x: Spec | None, start: Any, size: Any) -> Spec | None:
    x = checked(x, ANY)
    shape = layouts.slice_of(x.shape, start, size)
    return known(x.dtype, shape)


@op
def tile(x: TensorLike, n: IntegersLike) -> Tensor:
    """A tensor several times along each axis.

    Args:
        x: tensor or variable.
        n: how many times along each axis, or along the last ones where there are fewer counts than axes; one integer
            is for the last axis. It, or an entry, may be an integer tensor.

    Returns:
        A tensor of `x`'s dtype and rank.

    Raises:
        ValueError: when there are more counts than axes, or one is negative.

    Example:
        >>> K.eval(K.tile(K.variable([[1, 2]]), (2, 2)))
        array([[1., 2., 1., 2.],
               [1., 2., 1., 2.]], dtype=float32)
    """


@rule(tile)
def _(x: Spec | None, n: Any) -> Spec | None:
    x = checked(x, ANY)
    shape = layouts.tile(x.shape, n)
    return known(x.dtype, shape)
