"""Variables: values that are kept, read and changed."""

from __future__ import annotations

from ..handles import Variable
from ..kinds import FloatX, Pairs, ShapeLike, TensorLike, Tensors
from ..op import op
from ..tensors import Array


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


@op(traceable=False)
def eye(size: ShapeLike, dtype: FloatX | None = None, name: str | None = None) -> Variable:
    """A variable holding an identity matrix.

    Args:
        size: the number of rows and columns, or (rows, columns).
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
        dtype: a float dtype; None is `K.floatx()`.
        name: a name; None lets the server choose one.
        seed: the same seed gives the same samples; None draws from the session's counter.

    Returns:
        A variable of samples.

    Raises:
        ValueError: when a length is negative or unknown.
        TypeError: when the dtype is not a float dtype.

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
        seed: the same seed gives the same samples; None draws from the session's counter.

    Returns:
        A variable of samples.

    Raises:
        ValueError: when a length is negative or unknown.
        TypeError: when the dtype is not a float dtype.

    Example:
        >>> K.random_normal_variable((3, 4), mean=0, scale=1).shape
        (3, 4)
    """


@op
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


@op
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


@op
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


@op
def moving_average_update(x: Variable, value: TensorLike, momentum: TensorLike) -> Variable:
    """Move a variable towards a value: `x * momentum + value * (1 - momentum)`.

    Args:
        x: the variable, of a float dtype.
        value: the newest value, of the same shape.
        momentum: how much of the old value stays, a number from 0 to 1.

    Returns:
        `x` after the update. When `value` is a symbol: an update to hand to `K.function`.

    Raises:
        ValueError: when the shapes differ.
        TypeError: when `x` is not of a float dtype.

    Example:
        >>> K.eval(K.moving_average_update(K.variable([1.0, 2.0]), [3.0, 4.0], 0.9))
        array([1.2, 2.2], dtype=float32)
    """


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


@op(traceable=False)
def batch_set_value(tuples: Pairs) -> None:
    """Set several variables from numpy arrays, in one exchange.

    Args:
        tuples: pairs of a variable and its new value, as for `set_value`.

    Raises:
        ValueError: when the shapes of a pair differ; then none is set.

    Example:
        >>> x, y = K.variable([1.0]), K.variable(2.0)
        >>> K.batch_set_value([(x, np.array([5.0])), (y, 6.0)])
        >>> K.batch_get_value([x, y])
        [array([5.], dtype=float32), array(6., dtype=float32)]
    """
