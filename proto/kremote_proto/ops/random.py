"""Random tensors.

Without a seed a draw takes the next numbers of the session's stream, which no other session has. A seed is what a
sequence of draws begins with: the same seed gives the same numbers, in every session, each time the K function is
called. A symbol draws anew whenever a function runs it, and in a loop at each step: with a seed it goes on with its own
sequence, whose first numbers are those of a call at once.
"""

from __future__ import annotations

from typing import Any

from ..dtypes import INTEGERS
from ..errors import InvalidType, InvalidValue
from ..handles import Tensor
from ..kinds import FloatX, ShapeLike, TensorLike
from ..op import op, rule
from ..operands import COUNTABLE, FLOAT, DTypes, checked, filled, known
from ..shapes import broadcast, compatible, merge, show
from ..specs import Spec

#: What uniform samples can be of.
_UNIFORM = DTypes("a float dtype, int32 or int64", FLOAT.names | {"int32", "int64"})


@op
def random_normal(
    shape: ShapeLike, mean: float = 0.0, stddev: float = 1.0, dtype: FloatX | None = None, seed: int | None = None
) -> Tensor:
    """Samples drawn from a normal distribution.

    Args:
        shape: the lengths, each an integer or a tensor; or an integer tensor of them all.
        mean: the mean.
        stddev: the standard deviation.
        dtype: a float dtype; None is `K.floatx()`.
        seed: the same seed gives the same samples; None draws others each time. A symbol draws anew at each run.

    Returns:
        A tensor of samples.

    Raises:
        ValueError: when a length is negative or None.
        TypeError: when the dtype is not a float dtype.

    Example:
        >>> samples = K.eval(K.random_normal((1000,), mean=5.0, stddev=0.1, seed=1))
        >>> bool(abs(samples.mean() - 5) < 0.02), bool(abs(samples.std() - 0.1) < 0.02)
        (True, True)
    """


@op
def truncated_normal(
    shape: ShapeLike, mean: float = 0.0, stddev: float = 1.0, dtype: FloatX | None = None, seed: int | None = None
) -> Tensor:
    """Samples drawn from a normal distribution, those beyond two standard deviations from the mean drawn again.

    Args:
        shape: the lengths, each an integer or a tensor; or an integer tensor of them all.
        mean: the mean.
        stddev: the standard deviation, before what is far from the mean is cut off.
        dtype: a float dtype; None is `K.floatx()`.
        seed: the same seed gives the same samples; None draws others each time. A symbol draws anew at each run.

    Returns:
        A tensor of samples.

    Raises:
        ValueError: when a length is negative or None.
        TypeError: when the dtype is not a float dtype.

    Example:
        >>> samples = K.eval(K.truncated_normal((1000,), mean=5.0, stddev=1.0))
        >>> bool(samples.min() >= 3), bool(samples.max() <= 7)
        (True, True)
    """


@rule(random_normal)
@rule(truncated_normal)
def _(shape: Any, dtype: str, **_: Any) -> Spec | None:
    checked(Spec(dtype, ()), FLOAT, "samples")
    return filled(shape, dtype)


@op
def random_uniform(
    shape: ShapeLike, minval: float = 0.0, maxval: float = 1.0, dtype: FloatX | None = None, seed: int | None = None
) -> Tensor:
    """Samples drawn uniformly from `minval` to `maxval`.

    Args:
        shape: the lengths, each an integer or a tensor; or an integer tensor of them all.
        minval: the lower bound, included.
        maxval: the upper bound, excluded (a float sample may be rounded to it).
        dtype: a float dtype, int32 or int64; None is `K.floatx()`.
        seed: the same seed gives the same samples; None draws others each time. A symbol draws anew at each run.

    Returns:
        A tensor of samples.

    Raises:
        ValueError: when a length is negative or None; for integers, when no sample lies between the bounds, or a bound
            is not of the dtype.
        TypeError: when the dtype is another; for integers, when a bound is not whole.

    Example:
        >>> samples = K.eval(K.random_uniform((1000,), minval=-1, maxval=5, dtype="int32", seed=1))
        >>> sorted({int(sample) for sample in samples})
        [-1, 0, 1, 2, 3, 4]
    """


@rule(random_uniform)
def _(shape: Any, minval: float, maxval: float, dtype: str, seed: int | None) -> Spec | None:
    check_uniform(minval, maxval, dtype)
    return filled(shape, dtype)


def check_uniform(minval: float, maxval: float, dtype: str) -> None:
    """Refuse a dtype that has no uniform samples, or bounds that integers have not."""
    checked(Spec(dtype, ()), _UNIFORM, "samples")
    if dtype not in INTEGERS:
        return
    for bound in (minval, maxval):
        if not float(bound).is_integer():
            raise InvalidType(f"expected whole bounds for {dtype}; got {bound}")
    most = 1 << (31 if dtype == "int32" else 63)
    if not -most <= minval < maxval < most:
        raise InvalidValue(f"expected bounds with {-most} <= minval < maxval < {most}; got {minval} and {maxval}")


@op
def random_bernoulli(shape: ShapeLike, p: float = 0.0, dtype: FloatX | None = None, seed: int | None = None) -> Tensor:
    """Ones with a probability, else zeros.

    Args:
        shape: the lengths, each an integer or a tensor; or an integer tensor of them all.
        p: the probability of a one.
        dtype: bool or a numeric dtype; None is `K.floatx()`.
        seed: the same seed gives the same samples; None draws others each time. A symbol draws anew at each run.

    Returns:
        A tensor of ones and zeros.

    Raises:
        ValueError: when a length is negative or None.
        TypeError: when the dtype is text.

    Example:
        >>> samples = K.eval(K.random_bernoulli((1000,), p=0.3, seed=1))
        >>> bool(abs(samples.mean() - 0.3) < 0.1)
        True
    """


@op
def random_binomial(shape: ShapeLike, p: float = 0.0, dtype: FloatX | None = None, seed: int | None = None) -> Tensor:
    """Ones with a probability, else zeros: the older name of `random_bernoulli`.

    Args:
        shape: the lengths, each an integer or a tensor; or an integer tensor of them all.
        p: the probability of a one.
        dtype: bool or a numeric dtype; None is `K.floatx()`.
        seed: the same seed gives the same samples; None draws others each time. A symbol draws anew at each run.

    Returns:
        A tensor of ones and zeros.

    Raises:
        ValueError: when a length is negative or None.
        TypeError: when the dtype is text.

    Example:
        >>> K.eval(K.random_binomial((2, 3), p=1.0))
        array([[1., 1., 1.],
               [1., 1., 1.]], dtype=float32)
    """


@rule(random_bernoulli)
@rule(random_binomial)
def _(shape: Any, dtype: str, **_: Any) -> Spec | None:
    checked(Spec(dtype, ()), COUNTABLE, "samples")
    return filled(shape, dtype)


@op
def dropout(x: TensorLike, level: float, noise_shape: ShapeLike | None = None, seed: int | None = None) -> Tensor:
    """Zeros in the place of a part of the elements, chosen at random; the others are scaled so that the mean stays.

    It drops whatever the learning phase is. Gradients see the elements that the same run dropped.

    Args:
        x: tensor or variable, of a float dtype.
        level: the part to drop, in [0, 1).
        noise_shape: lengths that broadcast to `x`'s, for dropping elements together along the axes of length 1; None
            is `x`'s, as a whole or for one of the lengths.
        seed: the same seed drops the same elements; None drops others each time. A symbol drops others at each run.

    Returns:
        A tensor of `x`'s dtype and shape: 0, or `x / (1 - level)`.

    Raises:
        ValueError: when the level is outside [0, 1), `x` is not of a float dtype, or `noise_shape` does not broadcast.

    Example:
        >>> dropped = K.eval(K.dropout(K.ones((100, 4)), 0.5, noise_shape=(None, 1)))
        >>> sorted({tuple(row) for row in dropped.tolist()})
        [(0.0, 0.0, 0.0, 0.0), (2.0, 2.0, 2.0, 2.0)]
    """


@rule(dropout)
def _(x: Spec | None, level: float, noise_shape: Any, seed: int | None) -> Spec | None:
    x = checked(x, COUNTABLE)
    if x.dtype is not None and x.dtype not in FLOAT.names:
        raise InvalidValue(f"expected x of a float dtype, since it is scaled; got {x}")
    if not 0 <= level < 1:
        raise InvalidValue(f"expected a level in [0, 1); got {level}")
    if x.shape is not None and noise_shape is not None and noise_shape is not Ellipsis:
        if [n for n in noise_shape if n is not None and n < 0]:
            raise InvalidValue(f"expected lengths of 0 or more in noise_shape; got {show(noise_shape)}")
        together = broadcast(x.shape, noise_shape)
        if len(noise_shape) > len(x.shape) or not compatible(together, x.shape):
            raise InvalidValue(f"expected a noise_shape that broadcasts to {show(x.shape)}; got {show(noise_shape)}")
        return known(x.dtype, merge(together, x.shape))
    return known(x.dtype, x.shape)
