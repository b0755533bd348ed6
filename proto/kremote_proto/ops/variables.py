"""Variables: values that are kept until they are changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..dtypes import FLOATS
from ..errors import InvalidValue
from ..handles import Variable
from ..kinds import FloatX, ShapeLike, TensorLike, Tensors
from ..op import op, rule
from ..operands import ANY, COUNTABLE, castable, checked, filled, known
from ..specs import Spec
from ..tensors import Array
from .random import check_uniform
from .updates import batch_set_value, moving_average_update, set_value, update, update_add, update_sub

__all__ = [
    "batch_get_value",
    "batch_set_value",
    "eye",
    "get_value",
    "moving_average_update",
    "ones",
    "random_normal_variable",
    "random_uniform_variable",
    "set_value",
    "update",
    "update_add",
    "update_sub",
    "variable",
    "zeros",
]


@op(traceable=False)
def variable(value: TensorLike, dtype: FloatX | None = None, name: str | None = None) -> Variable:
    """A variable with an initial value.

    Args:
        value: array, number, nested list or tensor of any shape. A sparse value gives a sparse tensor instead.
        dtype: its dtype; None is `K.floatx()`, also for integers.
        name: a name for messages and for reaching it over HTTP; None lets the server choose one.

    Returns:
        A variable of `value`'s shape.

    Raises:
        TypeError: when `value` cannot be of that dtype.

    Example:
        >>> kvar = K.variable([[1, 2], [3, 4]], dtype="float64", name="example_var")
        >>> K.dtype(kvar)
        'float64'
        >>> K.eval(kvar)
        array([[1., 2.],
               [3., 4.]])
    """


@rule(variable)
def _(value: Spec | None, dtype: str, name: str | None) -> Spec | None:
    value = castable(checked(value, ANY, "value", sparse=True), dtype)
    return known(dtype, value.shape) and replace(value, dtype=dtype)


@op(traceable=False)
def zeros(shape: ShapeLike, dtype: FloatX | None = None, name: str | None = None) -> Variable:
    """A variable filled with zeros.

    Args:
        shape: its lengths. A shape with a symbol in it gives a dynamically shaped tensor instead of a variable.
        dtype: its dtype; None is `K.floatx()`.
        name: a name; None lets the server choose one.

    Returns:
        A variable of zeros.

    Raises:
        ValueError: when a length is negative or unknown.

    Example:
        >>> K.eval(K.zeros((2, 3)))
        array([[0., 0., 0.],
               [0., 0., 0.]], dtype=float32)
    """


@op(traceable=False)
def ones(shape: ShapeLike, dtype: FloatX | None = None, name: str | None = None) -> Variable:
    """A variable filled with ones.

    Args:
        shape: its lengths. A shape with a symbol in it gives a dynamically shaped tensor instead of a variable.
        dtype: its dtype; None is `K.floatx()`.
        name: a name; None lets the server choose one.

    Returns:
        A variable of ones.

    Raises:
        ValueError: when a length is negative or unknown.

    Example:
        >>> K.eval(K.ones((2, 3)))
        array([[1., 1., 1.],
               [1., 1., 1.]], dtype=float32)
    """


@rule(zeros)
def _(shape: Any, dtype: str, name: str | None) -> Spec | None:
    return filled(shape, dtype)


@rule(ones)
def _(shape: Any, dtype: str, name: str | None) -> Spec | None:
    checked(Spec(dtype, ()), COUNTABLE, "ones")
    return filled(shape, dtype)


@op(traceable=False)
def eye(size: ShapeLike, dtype: FloatX | None = None, name: str | None = None) -> Variable:
    """A variable holding an identity matrix.

    Args:
        size: the number of rows and columns, or (rows, columns); integers or integer tensors.
        dtype: its dtype; None is `K.floatx()`.
        name: a name; None lets the server choose one.

    Returns:
        A variable of shape (rows, columns) with ones on the main diagonal.

    Raises:
        ValueError: when `size` is not one length or two.

    Example:
        >>> K.eval(K.eye((2, 3)))
        array([[1., 0., 0.],
               [0., 1., 0.]], dtype=float32)
    """


@rule(eye)
def _(size: Any, dtype: str, name: str | None) -> Spec | None:
    checked(Spec(dtype, ()), COUNTABLE, "ones")
    if size is Ellipsis:
        return None
    if len(size) not in (1, 2):
        raise InvalidValue(f"expected the number of rows and columns, or (rows, columns); got {size}")
    return filled((size[0], size[-1]), dtype)


@op(traceable=False)
def random_uniform_variable(
    shape: ShapeLike,
    low: float,
    high: float,
    dtype: FloatX | None = None,
    name: str | None = None,
    seed: int | None = None,
) -> Variable:
    """A variable of samples drawn uniformly from `low` to `high`.

    Args:
        shape: its lengths.
        low: the lower bound, included.
        high: the upper bound, excluded.
        dtype: a float dtype, int32 or int64; None is `K.floatx()`.
        name: a name; None lets the server choose one.
        seed: the same seed gives the same samples; None draws others each time.

    Returns:
        A variable of samples.

    Raises:
        ValueError: when a length is negative or unknown; for integers, when no sample lies between the bounds.
        TypeError: when the dtype is another; for integers, when a bound is not whole.

    Example:
        >>> value = K.eval(K.random_uniform_variable((3, 4), low=0, high=1))
        >>> value.shape, bool(((value >= 0) & (value < 1)).all())
        ((3, 4), True)
    """


@op(traceable=False)
def random_normal_variable(
    shape: ShapeLike,
    mean: float,
    scale: float,
    dtype: FloatX | None = None,
    name: str | None = None,
    seed: int | None = None,
) -> Variable:
    """A variable of samples drawn from a normal distribution.

    Args:
        shape: its lengths.
        mean: the mean.
        scale: the standard deviation.
        dtype: a float dtype; None is `K.floatx()`.
        name: a name; None lets the server choose one.
        seed: the same seed gives the same samples; None draws others each time.

    Returns:
        A variable of samples.

    Raises:
        ValueError: when a length is negative or unknown, or the dtype is not a float dtype.

    Example:
        >>> K.random_normal_variable((3, 4), mean=0, scale=1).shape
        (3, 4)
    """


@rule(random_uniform_variable)
def _(shape: Any, low: float, high: float, dtype: str, name: str | None, seed: int | None) -> Spec | None:
    check_uniform(low, high, dtype)
    return filled(shape, dtype)


@rule(random_normal_variable)
def _(shape: Any, dtype: str, **_: Any) -> Spec | None:
    if dtype not in FLOATS:
        raise InvalidValue(f"expected samples of a float dtype; got {dtype}")
    return filled(shape, dtype)


@op(traceable=False)
def get_value(x: TensorLike) -> Array:
    """The value of a variable as a numpy array.

    Args:
        x: variable or concrete tensor.

    Returns:
        A numpy array of `x`'s dtype and shape.

    Raises:
        ValueError: when `x` depends on a placeholder.

    Example:
        >>> K.get_value(K.variable([1.0, 2.0]))
        array([1., 2.], dtype=float32)
    """


@rule(get_value)
def _(x: Spec | None) -> Spec | None:
    x = checked(x, ANY, sparse=True)
    return known(x.dtype, x.shape) and x


@op(traceable=False)
def batch_get_value(tensors: Tensors) -> list[Array]:
    """The values of several variables as numpy arrays, in one exchange.

    Args:
        tensors: variables or concrete tensors.

    Returns:
        A list of numpy arrays, empty for an empty list.

    Raises:
        ValueError: when one depends on a placeholder.

    Example:
        >>> K.batch_get_value([K.variable([1.0]), K.variable([2.0, 3.0])])
        [array([1.], dtype=float32), array([2., 3.], dtype=float32)]
    """
