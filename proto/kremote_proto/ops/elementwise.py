"""Functions of each element."""

from __future__ import annotations

from ..handles import Tensor
from ..kinds import TensorLike
from ..op import op, rule
from ..operands import FLOAT, INEXACT, NUMERIC, SIGNED, checked, known, real_dtype
from ..specs import Spec


@op
def abs(x: TensorLike) -> Tensor:
    """Absolute values.

    Args:
        x: tensor or variable, of a signed numeric dtype.

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
    x = checked(x, SIGNED)
    return known(real_dtype(x.dtype), x.shape)


@op
def square(x: TensorLike) -> Tensor:
    """Squares.

    Args:
        x: tensor or variable, of a numeric dtype.

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
    x = checked(x, NUMERIC)
    return known(x.dtype, x.shape)


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
    x = checked(x, FLOAT)
    return known(x.dtype, x.shape)


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


@rule(exp)
@rule(log)
def _(x: Spec | None) -> Spec | None:
    x = checked(x, INEXACT)
    return known(x.dtype, x.shape)
