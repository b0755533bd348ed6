"""Functions of each element."""

from __future__ import annotations

from dataclasses import replace

from ..errors import InvalidValue
from ..handles import Tensor
from ..kinds import TensorLike
from ..op import op, rule
from ..operands import FLOAT, INEXACT, NUMERIC, REAL, SIGNED, checked, common_dtype, known, real_dtype
from ..shapes import broadcast, compatible, merge, show
from ..specs import Spec


@op
def abs(x: TensorLike) -> Tensor:
    """Absolute values.

    Args:
        x: tensor or variable, of a signed numeric dtype. A sparse tensor stays sparse.

    Returns:
        A tensor of `x`'s shape and dtype; real for a complex one.

    Raises:
        TypeError: when `x` is of another dtype.

    Example:
        >>> K.eval(K.abs(K.variable([-1.5, 2.0])))
        array([1.5, 2. ], dtype=float32)
    """


@rule(abs)
def _(x: Spec | None) -> Spec | None:
    x = checked(x, SIGNED, sparse=True)
    return known(real_dtype(x.dtype), x.shape) and replace(x, dtype=real_dtype(x.dtype))


@op
def square(x: TensorLike) -> Tensor:
    """Squares.

    Args:
        x: tensor or variable, of a numeric dtype. A sparse tensor stays sparse.

    Returns:
        A tensor of `x`'s dtype and shape.

    Raises:
        TypeError: when `x` is of another dtype.

    Example:
        >>> K.eval(K.square(K.variable([-3.0, 2.0])))
        array([9., 4.], dtype=float32)
    """


@rule(square)
def _(x: Spec | None) -> Spec | None:
    return _kept(checked(x, NUMERIC, sparse=True))


def _kept(x: Spec) -> Spec | None:
    """The spec of a result that has the operand's."""
    return known(x.dtype, x.shape) and x


@op
def sqrt(x: TensorLike) -> Tensor:
    """Square roots; a negative element counts as 0.

    Args:
        x: tensor or variable, of a float dtype.

    Returns:
        A tensor of `x`'s dtype and shape.

    Raises:
        TypeError: when `x` is of another dtype.

    Example:
        >>> K.eval(K.sqrt(K.variable([9.0, -4.0])))
        array([3., 0.], dtype=float32)
    """


@rule(sqrt)
def _(x: Spec | None) -> Spec | None:
    return _kept(checked(x, FLOAT))


@op
def exp(x: TensorLike) -> Tensor:
    """Exponentials.

    Args:
        x: tensor or variable, of a float or complex dtype.

    Returns:
        A tensor of `x`'s dtype and shape.

    Raises:
        TypeError: when `x` is of another dtype.

    Example:
        >>> K.eval(K.exp(K.variable([0.0, -np.inf])))
        array([1., 0.], dtype=float32)
    """


@op
def log(x: TensorLike) -> Tensor:
    """Natural logarithms; NaN for a negative element.

    Args:
        x: tensor or variable, of a float or complex dtype.

    Returns:
        A tensor of `x`'s dtype and shape.

    Raises:
        TypeError: when `x` is of another dtype.

    Example:
        >>> K.eval(K.log(K.variable([1.0, np.inf])))
        array([ 0., inf], dtype=float32)
    """


@op
def cos(x: TensorLike) -> Tensor:
    """Cosines of angles in radians.

    Args:
        x: tensor or variable, of a float or complex dtype.

    Returns:
        A tensor of `x`'s dtype and shape.

    Raises:
        TypeError: when `x` is of another dtype.

    Example:
        >>> K.eval(K.cos(K.variable([0.0, np.pi])))
        array([ 1., -1.], dtype=float32)
    """


@rule(exp)
@rule(log)
@rule(cos)
def _(x: Spec | None) -> Spec | None:
    return _kept(checked(x, INEXACT))


@op
def sin(x: TensorLike) -> Tensor:
    """Sines of angles in radians.

    Args:
        x: tensor or variable, of a float or complex dtype. A sparse tensor stays sparse.

    Returns:
        A tensor of `x`'s dtype and shape.

    Raises:
        TypeError: when `x` is of another dtype.

    Example:
        >>> K.eval(K.sin(K.variable([0.0, np.pi / 2])))
        array([0., 1.], dtype=float32)
    """


@rule(sin)
def _(x: Spec | None) -> Spec | None:
    return _kept(checked(x, INEXACT, sparse=True))


@op
def sign(x: TensorLike) -> Tensor:
    """Signs: 1, -1, or 0 for 0; of a complex element, the element divided by its absolute value.

    Args:
        x: tensor or variable, of a signed numeric dtype. A sparse tensor stays sparse.

    Returns:
        A tensor of `x`'s dtype and shape.

    Raises:
        TypeError: when `x` is of another dtype.

    Example:
        >>> K.eval(K.sign(K.variable([-2.5, 0.0, 4.0])))
        array([-1.,  0.,  1.], dtype=float32)
    """


@rule(sign)
def _(x: Spec | None) -> Spec | None:
    return _kept(checked(x, SIGNED, sparse=True))


@op
def round(x: TensorLike) -> Tensor:
    """The nearest whole numbers; of two equally near, the even one.

    Args:
        x: tensor or variable, of an integer or float dtype.

    Returns:
        A tensor of `x`'s dtype and shape.

    Raises:
        TypeError: when `x` is of another dtype.

    Example:
        >>> K.eval(K.round(K.variable([0.5, 1.5, -2.6])))
        array([ 0.,  2., -3.], dtype=float32)
    """


@rule(round)
def _(x: Spec | None) -> Spec | None:
    return _kept(checked(x, REAL))


@op(one_dtype=("x", "a"))
def pow(x: TensorLike, a: TensorLike) -> Tensor:
    """Powers of elements, with numpy's broadcasting.

    Args:
        x: tensor or variable, of a float, complex or signed integer dtype.
        a: the exponent: a number, or a tensor of the same dtype.

    Returns:
        A tensor of their dtype, of the broadcast shape.

    Raises:
        ValueError: when the shapes do not broadcast, or an integer's exponent is negative.
        TypeError: when the dtypes differ or are others.

    Example:
        >>> K.eval(K.pow(K.variable([2.0, -3.0]), 2))
        array([4., 9.], dtype=float32)
    """


@rule(pow)
def _(x: Spec | None, a: Spec | None) -> Spec | None:
    return _broadcast(checked(x, SIGNED), checked(a, SIGNED, "a"))


def _broadcast(x: Spec, y: Spec) -> Spec | None:
    return known(common_dtype(x, y), broadcast(x.shape, y.shape))


@op(one_dtype=("x", "y"))
def maximum(x: TensorLike, y: TensorLike) -> Tensor:
    """The larger of two elements, with numpy's broadcasting.

    Args:
        x: tensor or variable, of an integer or float dtype.
        y: tensor of the same dtype, or numbers.

    Returns:
        A tensor of their dtype, of the broadcast shape.

    Raises:
        ValueError: when the shapes do not broadcast.
        TypeError: when the dtypes differ or are others.

    Example:
        >>> K.eval(K.maximum(K.variable([1.0, 5.0]), [2.0, 4.0]))
        array([2., 5.], dtype=float32)
    """


@op(one_dtype=("x", "y"))
def minimum(x: TensorLike, y: TensorLike) -> Tensor:
    """The smaller of two elements, with numpy's broadcasting.

    Args:
        x: tensor or variable, of an integer or float dtype.
        y: tensor of the same dtype, or numbers.

    Returns:
        A tensor of their dtype, of the broadcast shape.

    Raises:
        ValueError: when the shapes do not broadcast.
        TypeError: when the dtypes differ or are others.

    Example:
        >>> K.eval(K.minimum(K.variable([1.0, 5.0]), [2.0, 4.0]))
        array([1., 4.], dtype=float32)
    """


@rule(maximum)
@rule(minimum)
def _(x: Spec | None, y: Spec | None) -> Spec | None:
    return _broadcast(checked(x, REAL), checked(y, REAL, "y"))


@op(one_dtype=("x", "min_value", "max_value"))
def clip(x: TensorLike, min_value: TensorLike | None, max_value: TensorLike | None) -> Tensor:
    """Elements brought between two bounds.

    Args:
        x: tensor or variable, of an integer or float dtype.
        min_value: the lower bound: a number, or a tensor that broadcasts to `x`'s shape. None is -infinity, which
            integers do not have.
        max_value: the upper bound, likewise; None is infinity. Where it is below the lower one, the lower one counts.

    Returns:
        A tensor of `x`'s dtype and shape.

    Raises:
        ValueError: when a bound does not broadcast to `x`'s shape.
        TypeError: when the dtypes differ or are others, or a bound of integers is None.

    Example:
        >>> K.eval(K.clip(K.variable([-3.0, 0.5, 2.0]), 0, 1))
        array([0. , 0.5, 1. ], dtype=float32)
    """


@rule(clip)
def _(x: Spec | None, min_value: Spec | None, max_value: Spec | None) -> Spec | None:
    x = checked(x, REAL)
    shape = x.shape
    for name, value in (("min_value", min_value), ("max_value", max_value)):
        bound = checked(value, REAL, name)
        common_dtype(x, bound)
        together = broadcast(shape, bound.shape)
        if not compatible(together, shape):
            raise InvalidValue(f"expected {name} to broadcast to {show(shape)}; got {show(bound.shape)}")
        shape = merge(shape, together)
    return known(x.dtype, shape)
