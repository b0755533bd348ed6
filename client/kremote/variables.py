"""`K.variable`: a variable of the server, with what optimizers ask of its handle."""

from __future__ import annotations

from typing import Any

from kremote_proto.handles import TensorLike, Variable
from kremote_proto.ops import variables as declared


def variable(value: TensorLike, dtype: Any = None, name: str | None = None, constraint: Any = None) -> Variable:
    """A variable with an initial value.

    Args:
        value: array, number, nested list or tensor of any shape. A sparse value gives a sparse tensor instead.
        dtype: its dtype; None is `K.floatx()`, also for integers, but of a sparse value the value's own.
        name: a name for messages and for reaching it over HTTP; one that is taken gets a number: w, w_1, ...
        constraint: a callable of a new value, for optimizers to apply after an update.

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
    given: Any = value
    if dtype is None and hasattr(given, "tocoo"):
        dtype = given.dtype
    made = declared.variable(value, dtype, name)
    setattr(made, "constraint", constraint)  # noqa: B010  an attribute of this client's handles
    return made
