"""Comparisons of elements and logic on booleans and bits, with numpy's broadcasting."""

from __future__ import annotations

from ..errors import InvalidValue
from ..handles import Tensor
from ..kinds import TensorLike
from ..op import op, rule
from ..operands import ANY, FLOAT, INTEGER, LOGICAL, REAL, checked, common_dtype, known
from ..shapes import broadcast, compatible, merge
from ..specs import Spec


@op(one_dtype=("x", "y"))
def equal(x: TensorLike, y: TensorLike) -> Tensor:
    """Whether elements are equal, with numpy's broadcasting.

    Args:
        x: tensor or variable.
        y: tensor or variable of the same dtype, or numbers.

    Returns:
        A tensor of dtype bool, of the broadcast shape.

    Raises:
        ValueError: when the shapes do not broadcast.
        TypeError: when the dtypes differ.

    Example:
        >>> K.eval(K.equal(K.variable([1.0, 2.0]), [1.0, 3.0]))
        array([ True, False])
    """


@op(one_dtype=("x", "y"))
def not_equal(x: TensorLike, y: TensorLike) -> Tensor:
    """Whether elements differ, with numpy's broadcasting. NaN differs from itself.

    Args:
        x: tensor or variable.
        y: tensor or variable of the same dtype, or numbers.

    Returns:
        A tensor of dtype bool, of the broadcast shape.

    Raises:
        ValueError: when the shapes do not broadcast.
        TypeError: when the dtypes differ.

    Example:
        >>> K.eval(K.not_equal(K.variable([1.0, 2.0]), [1.0, 3.0]))
        array([False,  True])
    """


@rule(equal)
@rule(not_equal)
def _(x: Spec | None, y: Spec | None) -> Spec | None:
    x, y = checked(x, ANY), checked(y, ANY, "y")
    common_dtype(x, y)
    return known("bool", broadcast(x.shape, y.shape))


@op(namespace="operator", one_dtype=("x", "y"))
def and_(x: TensorLike, y: TensorLike) -> Tensor:
    """And, `x & y`: of booleans, or of the bits of integers.

    Args:
        x: tensor of booleans or integers.
        y: tensor of the same dtype, or numbers.

    Returns:
        A tensor of their dtype, of the broadcast shape.

    Raises:
        ValueError: when the shapes do not broadcast.
        TypeError: when the dtypes differ, or the dtype has no such operator; `K.cast` makes one the other.

    Example:
        >>> K.eval((K.variable([7.0, -7.0]) > 0) & True)
        array([ True, False])
    """


@op(namespace="operator", one_dtype=("x", "y"))
def or_(x: TensorLike, y: TensorLike) -> Tensor:
    """Or, `x | y`: of booleans, or of the bits of integers.

    Args:
        x: tensor of booleans or integers.
        y: tensor of the same dtype, or numbers.

    Returns:
        A tensor of their dtype, of the broadcast shape.

    Raises:
        ValueError: when the shapes do not broadcast.
        TypeError: when the dtypes differ, or the dtype has no such operator; `K.cast` makes one the other.

    Example:
        >>> K.eval((K.variable([7.0, -7.0]) > 0) | True)
        array([ True,  True])
    """


@op(namespace="operator", one_dtype=("x", "y"))
def xor(x: TensorLike, y: TensorLike) -> Tensor:
    """Exclusive or, `x ^ y`: of booleans, or of the bits of integers.

    Args:
        x: tensor of booleans or integers.
        y: tensor of the same dtype, or numbers.

    Returns:
        A tensor of their dtype, of the broadcast shape.

    Raises:
        ValueError: when the shapes do not broadcast.
        TypeError: when the dtypes differ, or the dtype has no such operator; `K.cast` makes one the other.

    Example:
        >>> K.eval((K.variable([7.0, -7.0]) > 0) ^ True)
        array([False,  True])
    """


@rule(and_)
@rule(or_)
@rule(xor)
def _(x: Spec | None, y: Spec | None) -> Spec | None:
    x, y = checked(x, LOGICAL), checked(y, LOGICAL, "y")
    return known(common_dtype(x, y), broadcast(x.shape, y.shape))


@op(namespace="operator")
def invert(x: TensorLike) -> Tensor:
    """Not, `~x`: of booleans, or of the bits of integers.

    Args:
        x: tensor of booleans or integers.

    Returns:
        A tensor of `x`'s dtype and shape.

    Raises:
        TypeError: when the dtype has no such operator.

    Example:
        >>> K.eval(~(K.variable([7.0, -7.0]) > 0))
        array([False,  True])
    """


@rule(invert)
def _(x: Spec | None) -> Spec | None:
    x = checked(x, LOGICAL)
    return known(x.dtype, x.shape)


@op(one_dtype=("x", "y"))
def less(x: TensorLike, y: TensorLike) -> Tensor:
    """Whether each element of `x` is less than that of `y`, with numpy's broadcasting.

    Args:
        x: tensor or variable, of an integer or float dtype.
        y: tensor of the same dtype, or numbers.

    Returns:
        A tensor of dtype bool, of the broadcast shape.

    Raises:
        ValueError: when the shapes do not broadcast.
        TypeError: when the dtypes differ or are others.

    Example:
        >>> K.eval(K.less(K.variable([1.0, 2.0, 3.0]), 2))
        array([ True, False, False])
    """


@op(one_dtype=("x", "y"))
def less_equal(x: TensorLike, y: TensorLike) -> Tensor:
    """Whether each element of `x` is at most that of `y`, with numpy's broadcasting.

    Args:
        x: tensor or variable, of an integer or float dtype.
        y: tensor of the same dtype, or numbers.

    Returns:
        A tensor of dtype bool, of the broadcast shape.

    Raises:
        ValueError: when the shapes do not broadcast.
        TypeError: when the dtypes differ or are others.

    Example:
        >>> K.eval(K.less_equal(K.variable([1.0, 2.0, 3.0]), 2))
        array([ True,  True, False])
    """


@op(one_dtype=("x", "y"))
def greater(x: TensorLike, y: TensorLike) -> Tensor:
    """Whether each element of `x` is greater than that of `y`, with numpy's broadcasting.

    Args:
        x: tensor or variable, of an integer or float dtype.
        y: tensor of the same dtype, or numbers.

    Returns:
        A tensor of dtype bool, of the broadcast shape.

    Raises:
        ValueError: when the shapes do not broadcast.
        TypeError: when the dtypes differ or are others.

    Example:
        >>> K.eval(K.greater(K.variable([1.0, 2.0, 3.0]), 2))
        array([False, False,  True])
    """


@op(one_dtype=("x", "y"))
def greater_equal(x: TensorLike, y: TensorLike) -> Tensor:
    """Whether each element of `x` is at least that of `y`, with numpy's broadcasting.

    Args:
        x: tensor or variable, of an integer or float dtype.
        y: tensor of the same dtype, or numbers.

    Returns:
        A tensor of dtype bool, of the broadcast shape.

    Raises:
        ValueError: when the shapes do not broadcast.
        TypeError: when the dtypes differ or are others.

    Example:
        >>> K.eval(K.greater_equal(K.variable([1.0, 2.0, 3.0]), 2))
        array([False,  True,  True])
    """


@op(namespace="operator", one_dtype=("x", "y"))
def lt(x: TensorLike, y: TensorLike) -> Tensor:
    """Whether each element of `x` is less than that of `y`, `x < y`.

    Args:
        x: tensor of an integer or float dtype.
        y: tensor of the same dtype, or numbers.

    Returns:
        A tensor of dtype bool, of the broadcast shape.

    Raises:
        ValueError: when the shapes do not broadcast.
        TypeError: when the dtypes differ, or the dtype has no such operator; `K.cast` makes one the other.

    Example:
        >>> K.eval(K.variable([7.0, -7.0]) < 7)
        array([False,  True])
    """


@op(namespace="operator", one_dtype=("x", "y"))
def le(x: TensorLike, y: TensorLike) -> Tensor:
    """Whether each element of `x` is at most that of `y`, `x <= y`.

    Args:
        x: tensor of an integer or float dtype.
        y: tensor of the same dtype, or numbers.

    Returns:
        A tensor of dtype bool, of the broadcast shape.

    Raises:
        ValueError: when the shapes do not broadcast.
        TypeError: when the dtypes differ, or the dtype has no such operator; `K.cast` makes one the other.

    Example:
        >>> K.eval(K.variable([7.0, -7.0]) <= 7)
        array([ True,  True])
    """


@op(namespace="operator", one_dtype=("x", "y"))
def gt(x: TensorLike, y: TensorLike) -> Tensor:
    """Whether each element of `x` is greater than that of `y`, `x > y`.

    Args:
        x: tensor of an integer or float dtype.
        y: tensor of the same dtype, or numbers.

    Returns:
        A tensor of dtype bool, of the broadcast shape.

    Raises:
        ValueError: when the shapes do not broadcast.
        TypeError: when the dtypes differ, or the dtype has no such operator; `K.cast` makes one the other.

    Example:
        >>> K.eval(K.variable([7.0, -7.0]) > 7)
        array([False, False])
    """


@op(namespace="operator", one_dtype=("x", "y"))
def ge(x: TensorLike, y: TensorLike) -> Tensor:
    """Whether each element of `x` is at least that of `y`, `x >= y`.

    Args:
        x: tensor of an integer or float dtype.
        y: tensor of the same dtype, or numbers.

    Returns:
        A tensor of dtype bool, of the broadcast shape.

    Raises:
        ValueError: when the shapes do not broadcast.
        TypeError: when the dtypes differ, or the dtype has no such operator; `K.cast` makes one the other.

    Example:
        >>> K.eval(K.variable([7.0, -7.0]) >= 7)
        array([ True, False])
    """


@rule(less)
@rule(less_equal)
@rule(greater)
@rule(greater_equal)
@rule(lt)
@rule(le)
@rule(gt)
@rule(ge)
def _(x: Spec | None, y: Spec | None) -> Spec | None:
    x, y = checked(x, REAL), checked(y, REAL, "y")
    common_dtype(x, y)
    return known("bool", broadcast(x.shape, y.shape))


@op
def in_top_k(predictions: TensorLike, targets: TensorLike, k: int) -> Tensor:
    """Whether the class of each sample is among those with its largest predictions.

    Predictions that tie with the last of them count too. A class outside the range is never among them, nor is any of a
    sample with a prediction that is not finite.

    Args:
        predictions: tensor (samples, classes), of a float dtype.
        targets: tensor of class numbers (samples,), of an integer dtype.
        k: how many of the largest predictions count.

    Returns:
        A tensor (samples,) of dtype bool.

    Raises:
        ValueError: when the ranks are others or the numbers of samples differ.
        TypeError: when a dtype is another.

    Example:
        >>> K.eval(K.in_top_k(K.variable([[0.1, 0.2, 0.7], [0.4, 0.4, 0.2]]), [1, 0], 1))
        array([False,  True])
    """


@rule(in_top_k)
def _(predictions: Spec | None, targets: Spec | None, k: int) -> Spec | None:
    predictions, targets = checked(predictions, FLOAT, "predictions"), checked(targets, INTEGER, "targets")
    for name, spec, rank in (("predictions", predictions, 2), ("targets", targets, 1)):
        if spec.shape is not None and len(spec.shape) != rank:
            raise InvalidValue(f"expected {name} of rank {rank}; got {spec}")
    samples = (None,) if predictions.shape is None else predictions.shape[:1]
    if not compatible(samples, targets.shape):
        raise InvalidValue(f"expected a target for each sample of {predictions}; got {targets}")
    return known("bool", merge(samples, targets.shape))
