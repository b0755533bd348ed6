"""Activations."""

from __future__ import annotations

from ..errors import InvalidDType, InvalidValue
from ..handles import Tensor
from ..kinds import Axis, Scalar, TensorLike
from ..op import op, rule
from ..operands import FLOAT, INEXACT, INTEGER, REAL, checked, common_dtype, known
from ..shapes import all_from_front
from ..specs import Spec


@op
def relu(x: TensorLike, alpha: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Tensor:
    """Rectified linear units.

    `max_value` where `x >= max_value`, `x` where `threshold < x < max_value`, else `alpha * (x - threshold)`.

    Args:
        x: tensor or variable, of an integer or float dtype.
        alpha: the slope below the threshold.
        max_value: the largest output; None is without bound.
        threshold: where the units begin.

    Returns:
        A tensor of `x`'s dtype and shape; of float32, where `x` is of integers and only `alpha` is given.

    Raises:
        TypeError: when `x` is of another dtype, or of integers, which `alpha` would make fractions.

    Example:
        >>> K.eval(K.relu(K.variable([-2.0, 0.5, 9.0]), alpha=0.5, max_value=6))
        array([-1. ,  0.5,  6. ], dtype=float32)
    """


@rule(relu)
def _(x: Spec | None, alpha: float, max_value: float | None, threshold: float) -> Spec | None:
    x = checked(x, REAL)
    if not alpha or x.dtype not in INTEGER.names:
        return known(x.dtype, x.shape)
    if max_value is None and threshold == 0:
        return known("float32", x.shape)
    if not float(alpha).is_integer():
        raise InvalidDType(f"expected x of a float dtype, since alpha is {alpha}; got {x}")
    return known(x.dtype, x.shape)


@op(one_dtype=("x", "alpha"))
def elu(x: TensorLike, alpha: Scalar = 1.0) -> Tensor:
    """Exponential linear units: `x` where it is positive, else `alpha * (exp(x) - 1)`.

    Args:
        x: tensor or variable, of a float dtype.
        alpha: what a very negative element comes to, with its sign changed: a number, or a tensor of rank 0.

    Returns:
        A tensor of `x`'s dtype and shape.

    Raises:
        TypeError: when `x` is not of a float dtype.

    Example:
        >>> K.eval(K.elu(K.variable([-np.inf, 0.0, 2.0]), alpha=0.5))
        array([-0.5,  0. ,  2. ], dtype=float32)
    """


@rule(elu)
def _(x: Spec | None, alpha: float | Spec) -> Spec | None:
    x = checked(x, FLOAT)
    if isinstance(alpha, Spec):
        if alpha.shape:
            raise InvalidValue(f"expected alpha of rank 0; got {alpha}")
        common_dtype(x, alpha)
    return known(x.dtype, x.shape)


@op
def hard_sigmoid(x: TensorLike) -> Tensor:
    """Logistic function in three straight pieces: `0.2 * x + 0.5`, kept within 0 and 1.

    Args:
        x: tensor or variable, of a float dtype.

    Returns:
        A tensor of `x`'s dtype and shape.

    Raises:
        TypeError: when `x` is not of a float dtype.

    Example:
        >>> K.eval(K.hard_sigmoid(K.variable([-3.0, 0.0, 2.5])))
        array([0. , 0.5, 1. ], dtype=float32)
    """


@op
def softplus(x: TensorLike) -> Tensor:
    """Smooth rectifier of each element, `log(exp(x) + 1)`.

    Args:
        x: tensor or variable, of a float dtype.

    Returns:
        A tensor of `x`'s dtype and shape.

    Raises:
        TypeError: when `x` is not of a float dtype.

    Example:
        >>> np.round(K.eval(K.softplus(K.variable([-100.0, 0.0, 100.0]))), 4)
        array([  0.    ,   0.6931, 100.    ], dtype=float32)
    """


@op
def softsign(x: TensorLike) -> Tensor:
    """Each element by one more than its size, `x / (abs(x) + 1)`.

    Args:
        x: tensor or variable, of a float dtype.

    Returns:
        A tensor of `x`'s dtype and shape.

    Raises:
        TypeError: when `x` is not of a float dtype.

    Example:
        >>> K.eval(K.softsign(K.variable([-3.0, 0.0, 1.0])))
        array([-0.75,  0.  ,  0.5 ], dtype=float32)
    """


@rule(hard_sigmoid)
@rule(softplus)
@rule(softsign)
def _(x: Spec | None) -> Spec | None:
    x = checked(x, FLOAT)
    return known(x.dtype, x.shape)


@op(logits="x")
def sigmoid(x: TensorLike) -> Tensor:
    """Logistic function of each element, `1 / (1 + exp(-x))`.

    A cross entropy of the result is computed from `x`, exact for very unlikely targets too.

    Args:
        x: tensor or variable, of a float or complex dtype.

    Returns:
        A tensor of `x`'s dtype and shape.

    Raises:
        TypeError: when `x` is of another dtype.

    Example:
        >>> K.eval(K.sigmoid(K.variable([0.0, np.inf])))
        array([0.5, 1. ], dtype=float32)
    """


@op
def tanh(x: TensorLike) -> Tensor:
    """Hyperbolic tangent of each element.

    Args:
        x: tensor or variable, of a float or complex dtype.

    Returns:
        A tensor of `x`'s dtype and shape.

    Raises:
        TypeError: when `x` is of another dtype.

    Example:
        >>> K.eval(K.tanh(K.variable([0.0, np.inf])))
        array([0., 1.], dtype=float32)
    """


@rule(sigmoid)
@rule(tanh)
def _(x: Spec | None) -> Spec | None:
    x = checked(x, INEXACT)
    return known(x.dtype, x.shape)


@op(logits="x")
def softmax(x: TensorLike, axis: Axis | None = -1) -> Tensor:
    """Exponentials scaled so that they sum to 1 along an axis.

    A cross entropy of the result is computed from `x`, exact for very unlikely targets too.

    Args:
        x: tensor or variable of rank 2 or more, of a float dtype.
        axis: the axis, or axes, to sum over, each in [-rank, rank); None sums over all.

    Returns:
        A tensor of `x`'s dtype and shape.

    Raises:
        ValueError: when the rank is below 2 or an axis is outside it.
        TypeError: when `x` is not of a float dtype.

    Example:
        >>> K.eval(K.softmax(K.variable([[1.0, 1.0], [0.0, -np.inf]])))
        array([[0.5, 0.5],
               [1. , 0. ]], dtype=float32)
    """


@rule(softmax)
def _(x: Spec | None, axis: int | list[int] | None) -> Spec | None:
    x = checked(x, FLOAT)
    if x.shape is not None:
        if len(x.shape) < 2:
            raise InvalidValue(f"expected x of rank 2 or more; got {x}")
        all_from_front(axis, len(x.shape))
    return known(x.dtype, x.shape)
