"""Activations and losses of neural networks."""

from __future__ import annotations

from ..errors import InvalidType, InvalidValue
from ..handles import Tensor
from ..kinds import Axis, TensorLike
from ..op import op, rule
from ..operands import FLOAT, INEXACT, REAL, checked, common_dtype, known
from ..shapes import all_from_front, merge, reduce
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
        A tensor of `x`'s dtype and shape.

    Raises:
        TypeError: when `x` is of another dtype, or of integers with an `alpha`.

    Example:
        >>> K.eval(K.relu(K.variable([-2.0, 0.5, 9.0]), alpha=0.5, max_value=6))
        array([-1. ,  0.5,  6. ], dtype=float32)
    """


@rule(relu)
def _(x: Spec | None, alpha: float, max_value: float | None, threshold: float) -> Spec | None:
    x = checked(x, REAL)
    if alpha and x.dtype is not None and x.dtype not in FLOAT.names:
        raise InvalidType(f"expected x of a float dtype, since alpha is {alpha}; got {x}")
    return known(x.dtype, x.shape)


@op
def sigmoid(x: TensorLike) -> Tensor:
    """Logistic function of each element, `1 / (1 + exp(-x))`.

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


@op
def softmax(x: TensorLike, axis: Axis = -1) -> Tensor:
    """Exponentials scaled so that they sum to 1 along an axis.

    Args:
        x: tensor or variable of rank 2 or more, of a float dtype.
        axis: the axis, or axes, to sum over, each in [-rank, rank).

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
def _(x: Spec | None, axis: int | list[int]) -> Spec | None:
    x = checked(x, FLOAT)
    if x.shape is not None:
        if len(x.shape) < 2:
            raise InvalidValue(f"expected x of rank 2 or more; got {x}")
        all_from_front(axis, len(x.shape))
    return known(x.dtype, x.shape)


@op(settings=("epsilon",), one_dtype=("target", "output"))
def categorical_crossentropy(
    target: TensorLike, output: TensorLike, from_logits: bool = False, axis: int = -1
) -> Tensor:
    """Cross entropy between a target distribution and an output.

    Without `from_logits` the output is scaled to sum to 1 and clipped to [epsilon, 1 - epsilon]. That is so for the
    output of `softmax` too: pass logits with `from_logits=True` for exact values of very unlikely targets.

    Args:
        target: tensor of the output's shape and dtype.
        output: tensor of a float dtype: probabilities, or logits with `from_logits`.
        from_logits: whether `output` is before softmax.
        axis: the axis of the classes, in [-rank, rank).

    Returns:
        A tensor of the output's dtype, without that axis.

    Raises:
        ValueError: when the shapes differ or the axis is outside the rank.
        TypeError: when the dtypes differ or are not float.

    Example:
        >>> target, output = K.variable([[0, 1], [1, 0]]), K.variable([[0.5, 0.5], [1.0, 0.0]])
        >>> np.round(K.eval(K.categorical_crossentropy(target, output)), 4)
        array([0.6931, 0.    ], dtype=float32)
    """


@rule(categorical_crossentropy)
def _(target: Spec | None, output: Spec | None, from_logits: bool, axis: int, epsilon: float) -> Spec | None:
    target, output = checked(target, FLOAT, "target"), checked(output, FLOAT, "output")
    return known(common_dtype(output, target), reduce(merge(target.shape, output.shape), axis))
