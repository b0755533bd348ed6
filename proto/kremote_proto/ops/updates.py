"""Changes of variables."""

from __future__ import annotations

from ..errors import InvalidValue
from ..handles import Variable
from ..kinds import Pairs, TensorLike
from ..op import op, rule
from ..operands import (
    ANY,
    COUNTABLE,
    NUMERIC,
    DTypes,
    castable,
    checked,
    common_dtype,
    known,
)
from ..shapes import broadcast, compatible, show
from ..specs import Spec


@op(one_dtype=("x", "new_x"))
def update(x: Variable, new_x: TensorLike) -> Variable:
    """Give a variable a new value.

    Args:
        x: the variable.
        new_x: its new value, of the same shape and dtype.

    Returns:
        `x` after the update. When `new_x` is a symbol: an update to hand to `K.function`.

    Raises:
        ValueError: when the shapes differ.
        TypeError: when the dtypes differ.

    Example:
        >>> x = K.variable([1.0, 2.0])
        >>> K.eval(K.update(x, [3.0, 4.0]))
        array([3., 4.], dtype=float32)
    """


@rule(update)
def _(x: Spec | None, new_x: Spec | None) -> Spec | None:
    return _updated(x, new_x, ANY)


def _updated(x: Spec | None, value: Spec | None, dtypes: DTypes) -> Spec | None:
    x, value = checked(x, dtypes), checked(value, dtypes, "the value")
    common_dtype(x, value)
    _check_shape(x, value)
    return known(x.dtype, x.shape)


def _check_shape(x: Spec, value: Spec) -> None:
    if not compatible(x.shape, value.shape):
        raise InvalidValue(f"expected a value of the variable's shape {show(x.shape)}; got {show(value.shape)}")


@op(one_dtype=("x", "increment"))
def update_add(x: Variable, increment: TensorLike) -> Variable:
    """Add to a variable.

    Args:
        x: the variable, of a numeric dtype.
        increment: what to add, of the same shape and dtype.

    Returns:
        `x` after the update. When `increment` is a symbol: an update to hand to `K.function`.

    Raises:
        ValueError: when the shapes differ.
        TypeError: when the dtypes differ.

    Example:
        >>> K.eval(K.update_add(K.variable([1.0, 2.0]), [3.0, 4.0]))
        array([4., 6.], dtype=float32)
    """


@op(one_dtype=("x", "decrement"))
def update_sub(x: Variable, decrement: TensorLike) -> Variable:
    """Subtract from a variable.

    Args:
        x: the variable, of a numeric dtype.
        decrement: what to subtract, of the same shape and dtype.

    Returns:
        `x` after the update. When `decrement` is a symbol: an update to hand to `K.function`.

    Raises:
        ValueError: when the shapes differ.
        TypeError: when the dtypes differ.

    Example:
        >>> K.eval(K.update_sub(K.variable([4.0, 6.0]), [1.0, 1.0]))
        array([3., 5.], dtype=float32)
    """


@rule(update_add)
def _(x: Spec | None, increment: Spec | None) -> Spec | None:
    return _updated(x, increment, NUMERIC)


@rule(update_sub)
def _(x: Spec | None, decrement: Spec | None) -> Spec | None:
    return _updated(x, decrement, NUMERIC)


@op
def moving_average_update(x: Variable, value: TensorLike, momentum: TensorLike) -> Variable:
    """Move a variable towards a value: `x * momentum + value * (1 - momentum)`.

    Args:
        x: the variable, of a numeric dtype.
        value: the newest value, of a shape that broadcasts to the variable's; it is cast to the variable's dtype.
        momentum: how much of the old value stays, a number from 0 to 1; or one for each element, likewise.

    Returns:
        `x` after the update. When `value` is a symbol: an update to hand to `K.function`.

    Raises:
        ValueError: when a shape does not broadcast to the variable's.
        TypeError: when one of them is of text, or `x` of booleans.

    Example:
        >>> K.eval(K.moving_average_update(K.variable([1.0, 2.0]), [3.0, 4.0], 0.9))
        array([1.2, 2.2], dtype=float32)
    """


@rule(moving_average_update)
def _(x: Spec | None, value: Spec | None, momentum: Spec | None) -> Spec | None:
    x, value = checked(x, NUMERIC), checked(value, COUNTABLE, "value")
    momentum = checked(momentum, COUNTABLE, "momentum")
    if not compatible(broadcast(broadcast(x.shape, value.shape), momentum.shape), x.shape):
        raise InvalidValue(
            f"expected a value of the variable's shape {show(x.shape)}; got {show(value.shape)} "
            f"and momentum of {show(momentum.shape)}"
        )
    return known(x.dtype, x.shape)


@op(traceable=False)
def set_value(x: Variable, value: TensorLike) -> None:
    """Set a variable from a numpy array, at once, also in graph mode.

    Args:
        x: the variable.
        value: its new value, of the same shape; cast to the variable's dtype.

    Raises:
        ValueError: when the shapes differ.

    Example:
        >>> x = K.variable([1.0, 2.0])
        >>> K.set_value(x, np.array([3, 4]))
        >>> K.get_value(x)
        array([3., 4.], dtype=float32)
    """


@rule(set_value)
def _(x: Spec | None, value: Spec | None) -> None:
    _check_set(x, value)


def _check_set(x: Spec | None, value: Spec | None) -> None:
    x, value = checked(x, ANY), checked(value, ANY, "value")
    _check_shape(x, castable(value, x.dtype))


@op(traceable=False)
def batch_set_value(tuples: Pairs) -> None:
    """Set several variables from numpy arrays, in one exchange.

    Args:
        tuples: pairs of a variable and its new value, as for `set_value`: a list, or what goes through them once.

    Raises:
        ValueError: when the shapes of a pair differ; then none is set.

    Example:
        >>> x, y = K.variable([1.0]), K.variable([2.0])
        >>> K.batch_set_value([(x, np.array([5.0])), (y, [6.0])])
        >>> K.batch_get_value([x, y])
        [array([5.], dtype=float32), array([6.], dtype=float32)]
    """


@rule(batch_set_value)
def _(tuples: list[tuple[Spec | None, Spec | None]]) -> None:
    for x, value in tuples:
        _check_set(x, value)
