"""`K.variable`: a variable of the server, with what optimizers ask of its handle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kremote_proto import handles
from kremote_proto.handles import TensorLike
from kremote_proto.ops import variables as declared
from kremote_proto.specs import spec_from_wire

from .current import current_session
from .values import Value

if TYPE_CHECKING:
    from .session import Session
    from .tensor import Variable


def variable(value: TensorLike, dtype: Any = None, name: str | None = None, constraint: Any = None) -> handles.Variable:
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


def variables() -> dict[str, Variable]:
    """The variables of the session that have names.

    So a program that takes a session up again, or shares one with another program, comes to what is there.

    Returns:
        By name, handles of the variables, whichever client made them.

    Example:
        >>> made = K.variable([1.0, 2.0], name="bias")
        >>> K.eval(K.variables()["bias"])
        array([1., 2.], dtype=float32)
    """
    return variables_of(current_session())


def variables_of(session: Session) -> dict[str, Variable]:
    """The variables of a session that have names, by name."""
    from .tensor import Variable

    session.flush()
    found = {}
    for one in session._transport.call("GET", session._path("variables"))["variables"]:
        value = Value(session.queue, 0, spec_from_wire(one), None)
        value.name = one["name"]
        found[one["name"]] = Variable(value)
    return found
