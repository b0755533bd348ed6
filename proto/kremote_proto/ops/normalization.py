"""Normalization, and the bias of a layer."""

from __future__ import annotations

from ..errors import InvalidValue
from ..handles import Tensor
from ..kinds import Axis, DataFormat, Integers, TensorLike
from ..op import op, rule
from ..operands import FLOAT, INEXACT, NUMERIC, checked, common_dtype, known
from ..shapes import all_from_front, broadcast, compatible, merge, reduce
from ..specs import Shape, Spec


@op(one_dtype=("mean", "var", "beta", "gamma"))
def batch_normalization(
    x: TensorLike,
    mean: TensorLike,
    var: TensorLike,
    beta: TensorLike | None,
    gamma: TensorLike | None,
    axis: int = -1,
    epsilon: float = 0.001,
) -> Tensor:
    """Elements by given statistics: `(x - mean) / sqrt(var + epsilon) * gamma + beta`.

    Args:
        x: tensor or variable, of a float dtype.
        mean: tensor of means. It broadcasts to `x`, but of an image (rank 4) with axis 1 or 3 (or -3, -1) it has one
            element for each of that axis, in any shape.
        var: tensor of variances, like `mean`.
        beta: tensor of offsets, like `mean`; None is 0.
        gamma: tensor of scales, like `mean`; None is 1.
        axis: the axis of an image's channels; otherwise not used.
        epsilon: a small number that keeps the root away from 0.

    Returns:
        A tensor of `x`'s dtype and shape.

    Raises:
        ValueError: when the statistics do not fit `x`.
        TypeError: when a dtype is not float, or those of the statistics differ.

    Example:
        >>> x = K.variable([[1.0, 10.0], [3.0, 30.0]])
        >>> mean, var = K.variable([2.0, 20.0]), K.variable([1.0, 100.0])
        >>> K.eval(K.batch_normalization(x, mean, var, None, None, epsilon=0.0))
        array([[-1., -1.],
               [ 1.,  1.]], dtype=float32)
    """


@rule(batch_normalization)
def _(
    x: Spec | None,
    mean: Spec | None,
    var: Spec | None,
    beta: Spec | None,
    gamma: Spec | None,
    axis: int,
    epsilon: float,
) -> Spec | None:
    x = checked(x, FLOAT)
    named = {"mean": mean, "var": var, "beta": beta, "gamma": gamma}
    statistics = {name: checked(given, FLOAT, name) for name, given in named.items()}
    common_dtype(*statistics.values())
    if x.shape is None:
        return None
    channels_of_image = len(x.shape) == 4 and axis in (1, 3, -3, -1)
    shape = x.shape
    for name, statistic in statistics.items():
        if channels_of_image:
            _check_elements(statistic, name, x.shape[axis])
        else:
            shape = _holding(shape, statistic, name)
    return known(x.dtype, shape)


def _check_elements(statistic: Spec, name: str, elements: int | None) -> None:
    if None not in (elements, statistic.size) and statistic.size != elements:
        raise InvalidValue(f"expected {name} of {elements} elements; got {statistic}")


def _holding(shape: Shape, statistic: Spec, name: str) -> Shape:
    """What is known of a shape from what broadcasts to it."""
    joined = broadcast(shape, statistic.shape)
    if not compatible(shape, joined):
        raise InvalidValue(f"expected {name} that broadcasts to the {len(shape)} axes of x; got {statistic}")
    return merge(shape, joined) or ()


@op(one_dtype=("x", "gamma", "beta"))
def normalize_batch_in_training(
    x: TensorLike,
    gamma: TensorLike | None,
    beta: TensorLike | None,
    reduction_axes: Integers,
    epsilon: float = 0.001,
) -> list[Tensor]:
    """Elements by the statistics of their batch, and these statistics.

    Args:
        x: tensor or variable, of a float dtype.
        gamma: tensor of scales, one for each mean, of `x`'s dtype; None is 1.
        beta: tensor of offsets, one for each mean, of `x`'s dtype; None is 0.
        reduction_axes: the axes that a mean is of, each in [-rank, rank).
        epsilon: a small number added to variances, whose roots divide.

    Returns:
        Three tensors: `x` normalized, the means, and the variances, both without the reduced axes. The variances are
        the population's, but of images with axes [0, 1, 2] the sample's, n / (n - 1) times as large.

    Raises:
        ValueError: when an axis is outside the rank or named twice, or `gamma` or `beta` is not as long as the means.
        TypeError: when the dtypes differ or are not float.

    Example:
        >>> x = K.variable([[1.0, 10.0], [3.0, 30.0]])
        >>> normalized, mean, var = K.normalize_batch_in_training(x, None, None, [0], epsilon=0.0)
        >>> K.eval(normalized)
        array([[-1., -1.],
               [ 1.,  1.]], dtype=float32)
        >>> K.batch_get_value([mean, var])
        [array([ 2., 20.], dtype=float32), array([  1., 100.], dtype=float32)]
    """


@rule(normalize_batch_in_training)
def _(
    x: Spec | None,
    gamma: Spec | None,
    beta: Spec | None,
    reduction_axes: tuple[int, ...],
    epsilon: float,
) -> list[Spec] | None:
    x, gamma, beta = checked(x, FLOAT), checked(gamma, FLOAT, "gamma"), checked(beta, FLOAT, "beta")
    dtype = common_dtype(x, gamma, beta)
    statistic = Spec(dtype, reduce(x.shape, reduction_axes))
    _check_elements(gamma, "gamma", statistic.size)
    _check_elements(beta, "beta", statistic.size)
    if dtype is None or x.shape is None:
        return None
    return [Spec(dtype, x.shape), statistic, statistic]


@op
def l2_normalize(x: TensorLike, axis: Axis | None = None) -> Tensor:
    """Elements scaled so that the sum of their squares along an axis is 1; zeros stay zeros.

    Args:
        x: tensor or variable, of a float or complex dtype.
        axis: the axis or axes to sum over, each in [-rank, rank); None sums over all.

    Returns:
        A tensor of `x`'s dtype and shape.

    Raises:
        ValueError: when an axis is outside the rank or named twice.
        TypeError: when `x` is of another dtype.

    Example:
        >>> K.eval(K.l2_normalize(K.variable([[3.0, 4.0], [0.0, 0.0]]), axis=1))
        array([[0.6, 0.8],
               [0. , 0. ]], dtype=float32)
    """


@rule(l2_normalize)
def _(x: Spec | None, axis: int | list[int] | None) -> Spec | None:
    x = checked(x, INEXACT)
    if x.shape is not None:
        all_from_front(axis, len(x.shape))
    return known(x.dtype, x.shape)


@op(one_dtype=("x", "bias"))
def bias_add(x: TensorLike, bias: TensorLike, data_format: DataFormat | None = None) -> Tensor:
    """Sum of a batch and a bias: one number for each channel, or one for each element of a sample.

    Args:
        x: tensor or variable (batch, ..., channels), or (batch, channels, ...) with channels first; a numeric dtype.
        bias: tensor of the same dtype: (channels), or of a rank one less than `x`'s, at most 4, with channels last in
            either data format; its elements are then taken in order, not transposed.
        data_format: "channels_last" or "channels_first"; None is `K.image_data_format()`.

    Returns:
        A tensor of `x`'s dtype and shape.

    Raises:
        ValueError: when the rank of `x` is below 2, the bias has another rank, or its lengths do not fit.
        TypeError: when the dtypes differ or are not numeric.

    Example:
        >>> x, bias = K.zeros((1, 2, 3)), K.variable([1, 2])
        >>> K.eval(K.bias_add(x, bias, data_format="channels_first"))
        array([[[1., 1., 1.],
                [2., 2., 2.]]], dtype=float32)
    """


@rule(bias_add)
def _(x: Spec | None, bias: Spec | None, data_format: str) -> Spec | None:
    x, bias = checked(x, NUMERIC), checked(bias, NUMERIC, "bias")
    dtype = common_dtype(x, bias)
    if x.shape is None or bias.shape is None:
        return None
    rank, first = len(x.shape), data_format == "channels_first"
    if rank < 2:
        raise InvalidValue(f"expected x of rank 2 or more; got {x}")
    if len(bias.shape) == 1:
        channels = x.shape[1 if first else -1]
        _check_elements(bias, "bias", channels)
        return known(dtype, x.shape)
    if len(bias.shape) != rank - 1 or rank > 5:
        expected = f"1 or {rank - 1}" if 2 < rank <= 5 else "1"
        raise InvalidValue(f"expected bias of rank {expected} for x of rank {rank}; got {bias}")
    return known(dtype, broadcast(x.shape, (bias.shape[-1], *bias.shape[:-1]) if first else bias.shape))
