"""Reductions over axes, and running sums and products."""

from __future__ import annotations

from ..errors import InvalidValue
from ..handles import Tensor
from ..kinds import Axis, TensorLike
from ..op import op, rule
from ..operands import COUNTABLE, FLOAT, MEASURABLE, NUMERIC, ORDERED, REAL, checked, known, real_dtype
from ..shapes import from_front, reduce
from ..specs import Spec


@op
def max(x: TensorLike, axis: Axis | None = None, keepdims: bool = False) -> Tensor:
    """Largest elements.

    Args:
        x: tensor or variable, of an integer or float dtype.
        axis: the axis or axes to reduce, each in [-rank, rank); None reduces all.
        keepdims: keep each reduced axis with length 1.

    Returns:
        A tensor of `x`'s dtype.

    Raises:
        ValueError: when an axis is outside the rank or named twice.
        TypeError: when `x` is not of an integer or float dtype.

    Example:
        >>> K.eval(K.max(K.variable([[1, 2], [3, 4]]), axis=0))
        array([3., 4.], dtype=float32)
    """


@op
def min(x: TensorLike, axis: Axis | None = None, keepdims: bool = False) -> Tensor:
    """Smallest elements.

    Args:
        x: tensor or variable, of an integer or float dtype.
        axis: the axis or axes to reduce, each in [-rank, rank); None reduces all.
        keepdims: keep each reduced axis with length 1.

    Returns:
        A tensor of `x`'s dtype.

    Raises:
        ValueError: when an axis is outside the rank or named twice.
        TypeError: when `x` is not of an integer or float dtype.

    Example:
        >>> K.eval(K.min(K.variable([[1, 2], [3, 4]]), axis=1, keepdims=True))
        array([[1.],
               [3.]], dtype=float32)
    """


@rule(max)
@rule(min)
def _(x: Spec | None, axis: int | list[int] | None, keepdims: bool) -> Spec | None:
    x = checked(x, REAL)
    return known(x.dtype, reduce(x.shape, axis, keepdims))


@op
def sum(x: TensorLike, axis: Axis | None = None, keepdims: bool = False) -> Tensor:
    """Sums of elements.

    Args:
        x: tensor or variable, of a numeric dtype.
        axis: the axis or axes to reduce, each in [-rank, rank); None reduces all.
        keepdims: keep each reduced axis with length 1.

    Returns:
        A tensor of `x`'s dtype.

    Raises:
        ValueError: when an axis is outside the rank or named twice.
        TypeError: when `x` is not of a numeric dtype.

    Example:
        >>> K.eval(K.sum(K.variable([[1, 2], [3, 4]]), axis=1))
        array([3., 7.], dtype=float32)
    """


@op
def prod(x: TensorLike, axis: Axis | None = None, keepdims: bool = False) -> Tensor:
    """Products of elements.

    Args:
        x: tensor or variable, of a numeric dtype.
        axis: the axis or axes to reduce, each in [-rank, rank); None reduces all.
        keepdims: keep each reduced axis with length 1.

    Returns:
        A tensor of `x`'s dtype.

    Raises:
        ValueError: when an axis is outside the rank or named twice.
        TypeError: when `x` is not of a numeric dtype.

    Example:
        >>> K.eval(K.prod(K.variable([[1, 2], [3, 4]]), axis=-1))
        array([ 2., 12.], dtype=float32)
    """


@rule(sum)
@rule(prod)
def _(x: Spec | None, axis: int | list[int] | None, keepdims: bool) -> Spec | None:
    x = checked(x, NUMERIC)
    return known(x.dtype, reduce(x.shape, axis, keepdims))


@op(settings=("floatx",))
def mean(x: TensorLike, axis: Axis | None = None, keepdims: bool = False) -> Tensor:
    """Means of elements.

    Args:
        x: tensor or variable, of a numeric dtype, or booleans, which count as `K.floatx()`.
        axis: the axis or axes to reduce, each in [-rank, rank); None reduces all.
        keepdims: keep each reduced axis with length 1.

    Returns:
        A tensor of `x`'s dtype: the mean of integers is an integer, rounded towards zero.

    Raises:
        ValueError: when an axis is outside the rank or named twice.
        TypeError: when `x` is of text.

    Example:
        >>> K.eval(K.mean(K.variable([[1, 2], [3, 4]]), axis=0))
        array([2., 3.], dtype=float32)
    """


@rule(mean)
def _(x: Spec | None, axis: int | list[int] | None, keepdims: bool, floatx: str) -> Spec | None:
    x = checked(x, COUNTABLE)
    return known(floatx if x.dtype == "bool" else x.dtype, reduce(x.shape, axis, keepdims))


@op(settings=("floatx",))
def var(x: TensorLike, axis: Axis | None = None, keepdims: bool = False) -> Tensor:
    """Population variances of elements, as `np.var`.

    Args:
        x: tensor or variable, of a float or complex dtype, or booleans, which count as `K.floatx()`.
        axis: the axis or axes to reduce, each in [-rank, rank); None reduces all.
        keepdims: keep each reduced axis with length 1.

    Returns:
        A tensor of `x`'s dtype; real for a complex one.

    Raises:
        ValueError: when an axis is outside the rank or named twice.
        TypeError: when `x` is of integers or text.

    Example:
        >>> K.eval(K.var(K.variable([[1, 2], [3, 5]]), axis=1))
        array([0.25, 1.  ], dtype=float32)
    """


@op(settings=("floatx",))
def std(x: TensorLike, axis: Axis | None = None, keepdims: bool = False) -> Tensor:
    """Population standard deviations of elements, as `np.std`.

    Args:
        x: tensor or variable, of a float or complex dtype, or booleans, which count as `K.floatx()`.
        axis: the axis or axes to reduce, each in [-rank, rank); None reduces all.
        keepdims: keep each reduced axis with length 1.

    Returns:
        A tensor of `x`'s dtype; real for a complex one.

    Raises:
        ValueError: when an axis is outside the rank or named twice.
        TypeError: when `x` is of integers or text.

    Example:
        >>> K.eval(K.std(K.variable([[1, 2], [3, 5]]), axis=1))
        array([0.5, 1. ], dtype=float32)
    """


@rule(std)
@rule(var)
def _(x: Spec | None, axis: int | list[int] | None, keepdims: bool, floatx: str) -> Spec | None:
    x = checked(x, MEASURABLE)
    return known(floatx if x.dtype == "bool" else real_dtype(x.dtype), reduce(x.shape, axis, keepdims))


@op
def logsumexp(x: TensorLike, axis: Axis | None = None, keepdims: bool = False) -> Tensor:
    """Logarithms of sums of exponentials: `log(sum(exp(x)))`, without overflow on the way.

    Args:
        x: tensor or variable, of a float dtype.
        axis: the axis or axes to reduce, each in [-rank, rank); None reduces all.
        keepdims: keep each reduced axis with length 1.

    Returns:
        A tensor of `x`'s dtype; -infinity where nothing is summed.

    Raises:
        ValueError: when an axis is outside the rank or named twice.
        TypeError: when `x` is of another dtype.

    Example:
        >>> K.eval(K.logsumexp(K.variable([[0.0, 0.0], [1000.0, -1000.0]]), axis=0))
        array([1000.,    0.], dtype=float32)
    """


@rule(logsumexp)
def _(x: Spec | None, axis: int | list[int] | None, keepdims: bool) -> Spec | None:
    x = checked(x, FLOAT)
    return known(x.dtype, reduce(x.shape, axis, keepdims))


@op
def any(x: TensorLike, axis: Axis | None = None, keepdims: bool = False) -> Tensor:
    """Whether any element is true; an element other than 0 is.

    Args:
        x: tensor or variable, of booleans or a numeric dtype.
        axis: the axis or axes to reduce, each in [-rank, rank); None reduces all.
        keepdims: keep each reduced axis with length 1.

    Returns:
        A tensor of dtype bool; False where there is no element.

    Raises:
        ValueError: when an axis is outside the rank or named twice.
        TypeError: when `x` is of text.

    Example:
        >>> K.eval(K.any(K.variable([[0, 0], [0, 2]]), axis=1))
        array([False,  True])
    """


@op
def all(x: TensorLike, axis: Axis | None = None, keepdims: bool = False) -> Tensor:
    """Whether all elements are true; an element other than 0 is.

    Args:
        x: tensor or variable, of booleans or a numeric dtype.
        axis: the axis or axes to reduce, each in [-rank, rank); None reduces all.
        keepdims: keep each reduced axis with length 1.

    Returns:
        A tensor of dtype bool; True where there is no element.

    Raises:
        ValueError: when an axis is outside the rank or named twice.
        TypeError: when `x` is of text.

    Example:
        >>> K.eval(K.all(K.variable([[1, 0], [3, 2]]), axis=1))
        array([False,  True])
    """


@rule(any)
@rule(all)
def _(x: Spec | None, axis: int | list[int] | None, keepdims: bool) -> Spec | None:
    x = checked(x, COUNTABLE)
    return known("bool", reduce(x.shape, axis, keepdims))


@op
def cumsum(x: TensorLike, axis: int = 0) -> Tensor:
    """Running sums along an axis.

    Args:
        x: tensor or variable, of a numeric dtype.
        axis: the axis to run along, in [-rank, rank).

    Returns:
        A tensor of `x`'s dtype and shape.

    Raises:
        ValueError: when the axis is outside the rank.
        TypeError: when `x` is not of a numeric dtype.

    Example:
        >>> K.eval(K.cumsum(K.variable([[1, 2], [3, 4]]), axis=0))
        array([[1., 2.],
               [4., 6.]], dtype=float32)
    """


@op
def cumprod(x: TensorLike, axis: int = 0) -> Tensor:
    """Running products along an axis.

    Args:
        x: tensor or variable, of a numeric dtype.
        axis: the axis to run along, in [-rank, rank).

    Returns:
        A tensor of `x`'s dtype and shape.

    Raises:
        ValueError: when the axis is outside the rank.
        TypeError: when `x` is not of a numeric dtype.

    Example:
        >>> K.eval(K.cumprod(K.variable([[1, 2], [3, 4]]), axis=0))
        array([[1., 2.],
               [3., 8.]], dtype=float32)
    """


@rule(cumsum)
@rule(cumprod)
def _(x: Spec | None, axis: int) -> Spec | None:
    x = checked(x, NUMERIC)
    if x.shape is not None:
        from_front(axis, len(x.shape))
    return known(x.dtype, x.shape)


@op
def argmax(x: TensorLike, axis: int | None = -1) -> Tensor:
    """Where the largest elements are along an axis; the first, of equal ones.

    Args:
        x: tensor or variable, of booleans or of an integer or float dtype.
        axis: the axis to look along, in [-rank, rank); None is axis 0.

    Returns:
        A tensor of dtype int64, without that axis.

    Raises:
        ValueError: when the axis is outside the rank, or has length 0.
        TypeError: when `x` is complex or text.

    Example:
        >>> K.eval(K.argmax(K.variable([[1, 5, 2], [7, 0, 3]])))
        array([1, 0])
    """


@op
def argmin(x: TensorLike, axis: int | None = -1) -> Tensor:
    """Where the smallest elements are along an axis; the first, of equal ones.

    Args:
        x: tensor or variable, of booleans or of an integer or float dtype.
        axis: the axis to look along, in [-rank, rank); None is axis 0.

    Returns:
        A tensor of dtype int64, without that axis.

    Raises:
        ValueError: when the axis is outside the rank, or has length 0.
        TypeError: when `x` is complex or text.

    Example:
        >>> K.eval(K.argmin(K.variable([[1, 5, 2], [7, 0, 3]])))
        array([0, 1])
    """


@rule(argmax)
@rule(argmin)
def _(x: Spec | None, axis: int | None) -> Spec | None:
    x = checked(x, ORDERED)
    if x.shape is not None and x.shape[from_front(axis or 0, len(x.shape))] == 0:
        raise InvalidValue(f"expected an axis with elements; got axis {axis or 0} of {x}")
    return known("int64", reduce(x.shape, axis or 0))
