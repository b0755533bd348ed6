"""Losses: cross entropies.

An output of `K.sigmoid` or `K.softmax` remembers what it was computed from. The cross entropies of `K` take that as
logits, whichever of the two it came from, in graph mode too: likely and unlikely targets have exact losses, and
gradients that do not vanish. An output that went through another op in between is taken as it is, and so is every
output over HTTP, where one says `from_logits`.
"""

from __future__ import annotations

from ..errors import InvalidValue
from ..handles import Tensor
from ..kinds import TensorLike
from ..op import op, rule
from ..operands import COUNTABLE, FLOAT, checked, common_dtype, known
from ..shapes import broadcast, compatible, merge, reduce, show
from ..specs import Shape, Spec


@op(settings=("epsilon",), one_dtype=("output", "target"))
def binary_crossentropy(target: TensorLike, output: TensorLike, from_logits: bool = False) -> Tensor:
    """Cross entropy between yes or no and the probability of yes, for each element.

    Without `from_logits` the output is kept within [epsilon, 1 - epsilon]; what `K.sigmoid` gave is computed from its
    logits.

    Args:
        target: tensor of the output's dtype and shape, 1 for yes, 0 for no; without `from_logits` the two broadcast.
        output: tensor of a float dtype: probabilities, or logits with `from_logits`.
        from_logits: whether `output` is before the sigmoid.

    Returns:
        A tensor of the same dtype and shape.

    Raises:
        ValueError: when the shapes do not fit.
        TypeError: when the dtypes differ or are not float.

    Example:
        >>> target, output = K.variable([1.0, 0.0]), K.variable([0.5, 0.75])
        >>> np.round(K.eval(K.binary_crossentropy(target, output)), 4)
        array([0.6931, 1.3863], dtype=float32)
        >>> np.round(K.eval(K.binary_crossentropy(target, K.sigmoid(K.variable([0.0, 50.0])))), 4)
        array([ 0.6931, 50.    ], dtype=float32)
    """


@rule(binary_crossentropy)
def _(target: Spec | None, output: Spec | None, from_logits: bool, epsilon: float) -> Spec | None:
    target, output = checked(target, FLOAT, "target"), checked(output, FLOAT, "output")
    return known(common_dtype(output, target), _binary_shape(target, output, from_logits))


def _binary_shape(target: Spec, output: Spec, from_logits: bool) -> Shape | None:
    return (merge if from_logits else broadcast)(target.shape, output.shape)


@op(settings=("epsilon",), one_dtype=("output", "target", "alpha", "gamma"))
def binary_focal_crossentropy(
    target: TensorLike,
    output: TensorLike,
    apply_class_balancing: bool = False,
    alpha: TensorLike = 0.25,
    gamma: TensorLike = 2.0,
    from_logits: bool = False,
) -> Tensor:
    """Cross entropy between yes or no and the probability of yes, weighed down where the output is right.

    `(1 - p) ** gamma * K.binary_crossentropy(target, output)`, where p is the probability of the target.

    Args:
        target: tensor of the output's dtype and shape, 1 for yes, 0 for no; without `from_logits` the two broadcast.
        output: tensor of a float dtype: probabilities, or logits with `from_logits`.
        apply_class_balancing: whether to weigh yes with `alpha` and no with `1 - alpha`.
        alpha: the weight of yes, a number or a tensor that broadcasts.
        gamma: how much less is counted what is right; 0 is not less.
        from_logits: whether `output` is before the sigmoid.

    Returns:
        A tensor of the same dtype and shape.

    Raises:
        ValueError: when the shapes do not fit.
        TypeError: when the dtypes differ or are not float.

    Example:
        >>> target, output = K.variable([1.0, 0.0]), K.variable([0.5, 0.75])
        >>> np.round(K.eval(K.binary_focal_crossentropy(target, output)), 4)
        array([0.1733, 0.7798], dtype=float32)
    """


@rule(binary_focal_crossentropy)
def _(
    target: Spec | None,
    output: Spec | None,
    apply_class_balancing: bool,
    alpha: Spec | None,
    gamma: Spec | None,
    from_logits: bool,
    epsilon: float,
) -> Spec | None:
    target, output = checked(target, FLOAT, "target"), checked(output, FLOAT, "output")
    alpha, gamma = checked(alpha, FLOAT, "alpha"), checked(gamma, FLOAT, "gamma")
    dtype = common_dtype(output, target, gamma, *([alpha] if apply_class_balancing else []))
    shape = broadcast(_binary_shape(target, output, from_logits), gamma.shape)
    return known(dtype, broadcast(shape, alpha.shape) if apply_class_balancing else shape)


@op(settings=("epsilon",), one_dtype=("output", "target"))
def categorical_crossentropy(
    target: TensorLike, output: TensorLike, from_logits: bool = False, axis: int = -1
) -> Tensor:
    """Cross entropy between a target distribution and an output.

    Without `from_logits` the output is scaled to sum to 1 and kept within [epsilon, 1 - epsilon]; what `K.softmax` gave
    is computed from its logits.

    Args:
        target: tensor of the output's shape, and of its dtype; with `from_logits` of any numeric dtype or bool.
        output: tensor of a float dtype: probabilities, or logits with `from_logits`.
        from_logits: whether `output` is before the softmax.
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
        >>> K.eval(K.categorical_crossentropy(target[:1], K.softmax(K.variable([[50.0, 0.0]]))))
        array([50.], dtype=float32)
    """


@rule(categorical_crossentropy)
def _(target: Spec | None, output: Spec | None, from_logits: bool, axis: int, epsilon: float) -> Spec | None:
    output = checked(output, FLOAT, "output")
    target = checked(target, COUNTABLE if from_logits else FLOAT, "target")
    dtype = output.dtype if from_logits else common_dtype(output, target)
    return known(dtype, reduce(merge(target.shape, output.shape), axis))


@op(settings=("epsilon",), one_dtype=("output", "target", "alpha", "gamma"))
def categorical_focal_crossentropy(
    target: TensorLike,
    output: TensorLike,
    alpha: TensorLike = 0.25,
    gamma: TensorLike = 2.0,
    from_logits: bool = False,
    axis: int = -1,
) -> Tensor:
    """Cross entropy between a target distribution and an output, weighed down where the output is sure.

    The sum over the classes of `alpha * (1 - output) ** gamma * -target * log(output)`, where the output is scaled to
    sum to 1 and kept within [epsilon, 1 - epsilon].

    Args:
        target: tensor of the output's shape and dtype.
        output: tensor of a float dtype: probabilities, or logits with `from_logits`.
        alpha: the weight, a number for all classes or one for each.
        gamma: how much less is counted what is sure; 0 is not less.
        from_logits: whether `output` is before the softmax.
        axis: the axis of the classes, in [-rank, rank).

    Returns:
        A tensor of the output's dtype, without that axis.

    Raises:
        ValueError: when the shapes do not fit or the axis is outside the rank.
        TypeError: when the dtypes differ or are not float.

    Example:
        >>> target, output = K.variable([[0, 1]]), K.variable([[0.5, 0.5]])
        >>> np.round(K.eval(K.categorical_focal_crossentropy(target, output, alpha=[0.25, 1.0])), 4)
        array([0.1733], dtype=float32)
    """


@rule(categorical_focal_crossentropy)
def _(
    target: Spec | None,
    output: Spec | None,
    alpha: Spec | None,
    gamma: Spec | None,
    from_logits: bool,
    axis: int,
    epsilon: float,
) -> Spec | None:
    target, output = checked(target, FLOAT, "target"), checked(output, FLOAT, "output")
    alpha, gamma = checked(alpha, FLOAT, "alpha"), checked(gamma, FLOAT, "gamma")
    dtype = common_dtype(output, target, alpha, gamma)
    shape = merge(target.shape, output.shape)
    reduce(shape, axis)  # the axis counts among the output's
    return known(dtype, reduce(broadcast(broadcast(shape, alpha.shape), gamma.shape), axis))


@op(settings=("epsilon",))
def sparse_categorical_crossentropy(
    target: TensorLike,
    output: TensorLike,
    from_logits: bool = False,
    axis: int = -1,
    ignore_class: int | None = None,
) -> Tensor:
    """Cross entropy between classes, given by number, and an output.

    Without `from_logits` the output is kept within [epsilon, 1 - epsilon], not scaled; what `K.softmax` gave is
    computed from its logits.

    Args:
        target: tensor of class numbers, of any numeric dtype, of the output's shape without the axis of the classes;
            of another rank it is taken in order.
        output: tensor of a float dtype: probabilities, or logits with `from_logits`.
        from_logits: whether `output` is before the softmax.
        axis: the axis of the classes; one outside the rank is taken modulo it.
        ignore_class: a class number, in the range of classes or not, whose loss is 0; None counts all.

    Returns:
        A tensor of the output's dtype, without the axis of the classes.

    Raises:
        ValueError: when the shapes do not fit, `output` is a scalar, or a class is outside the range.
        TypeError: when the output is not of a float dtype, or the target of texts.

    Example:
        >>> target, output = K.variable([1, 0]), K.variable([[0.5, 0.5], [0.25, 0.75]])
        >>> np.round(K.eval(K.sparse_categorical_crossentropy(target, output)), 4)
        array([0.6931, 1.3863], dtype=float32)
    """


@rule(sparse_categorical_crossentropy)
def _(
    target: Spec | None, output: Spec | None, from_logits: bool, axis: int, ignore_class: int | None, epsilon: float
) -> Spec | None:
    target, output = checked(target, COUNTABLE, "target"), checked(output, FLOAT, "output")
    if output.shape == ():
        raise InvalidValue(f"expected output of rank 1 or more; got {output}")
    if output.shape is None or target.shape is None:
        return None
    shape = reduce(output.shape, axis % len(output.shape)) or ()
    if len(target.shape) != len(shape):
        return known(output.dtype, _in_order(target, shape))
    if not compatible(target.shape, shape):
        raise InvalidValue(f"expected target of shape {show(shape)}; got {target}")
    return known(output.dtype, merge(target.shape, shape))


def _in_order(target: Spec, shape: Shape) -> Shape:
    """The shape of a result whose targets, of another rank, are taken in order."""
    size = Spec("bool", shape).size
    if None not in (size, target.size) and size != target.size:
        raise InvalidValue(f"expected target of {size} classes, for the shape {show(shape)}; got {target}")
    return shape or (1,)
