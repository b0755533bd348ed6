"""Placeholders, functions compiled from symbols, gradients, evaluation."""

from __future__ import annotations

from typing import Any

from ..errors import InvalidValue, Unsupported, shown
from ..handles import Function, Tensor
from ..kinds import FloatX, ShapeLike, TensorLike, Tensors, Updates
from ..op import op, rule
from ..operands import ANY, FLOAT, checked, known
from ..specs import Spec
from ..tensors import MOST_AXES, Array


@op
def placeholder(
    shape: ShapeLike | None = None,
    ndim: int | None = None,
    dtype: FloatX | None = None,
    sparse: bool = False,
    name: str | None = None,
    ragged: bool = False,
) -> Tensor:
    """A symbol to be fed when a function that has it among its inputs is called.

    Args:
        shape: its lengths, None where unknown. It wins over `ndim`; with neither the rank is unknown.
        ndim: its number of axes.
        dtype: its dtype; None is `K.floatx()`.
        sparse: whether it is fed with sparse tensors.
        name: a name for messages.
        ragged: False; there are no ragged tensors here.

    Returns:
        A symbol.

    Raises:
        ValueError: when a length or `ndim` is negative, or `ndim` above 32, or for one both sparse and ragged.
        NotImplementedError: for a ragged one.

    Example:
        >>> K.placeholder(shape=(None, 4, 5)).shape
        (None, 4, 5)
    """


@rule(placeholder)
def _(shape: Any, ndim: int | None, dtype: str, sparse: bool, name: str | None, ragged: bool) -> Spec:
    if ragged and sparse:
        raise InvalidValue("expected a placeholder that is sparse or ragged; got both")
    if ragged:
        raise Unsupported("expected ragged=False; there are no ragged tensors", hint="pad the rows, and mask them")
    if shape is None and ndim is not None:
        if not 0 <= ndim <= MOST_AXES:
            raise InvalidValue(f"expected ndim from 0 to {MOST_AXES}; got {shown(ndim)}")
        shape = (None,) * ndim
    if shape is Ellipsis or (shape is not None and [n for n in shape if n is not None and n < 0]):
        raise InvalidValue(f"expected lengths of 0 or more, None where unknown; got {shape}")
    return Spec(dtype, shape, sparse)


@op(namespace="placeholder")
def with_default(value: TensorLike, name: str | None = None) -> Tensor:
    """A symbol that need not be fed: a function without it among its inputs computes with a default.

    Args:
        value: the default, a concrete tensor, array or number.
        name: a name for messages.

    Returns:
        A symbol of the default's dtype and shape.

    Example:
        >>> training = K.symbolic(K.learning_phase)()
        >>> chosen = K.in_train_phase(K.constant(1.0), K.constant(2.0), training)
        >>> float(K.function([], [chosen])([])[0]), float(K.function([training], [chosen])([True])[0])
        (2.0, 1.0)
    """


@rule(with_default)
def _(value: Spec | None, name: str | None) -> Spec | None:
    value = checked(value, ANY, "value")
    return known(value.dtype, value.shape)


@op(traceable=False)
def function(inputs: Tensors, outputs: Tensors, updates: Updates | None = None, name: str | None = None) -> Function:
    """Outputs and updates as a function of inputs, compiled once on the server.

    Args:
        inputs: placeholders.
        outputs: what a call gives, in order.
        updates: what a call changes: results of `K.update` with a symbol, or (variable, new value) pairs.
        name: a name for messages.

    Returns:
        A function; call it with a list of values, one for each input, for a list of numpy arrays.

    Raises:
        ValueError: when an output depends on a placeholder that is not among the inputs.

    Example:
        >>> x = K.placeholder(shape=(None,))
        >>> double = K.function([x], [x * 2])
        >>> double([[1.0, 2.0]])
        [array([2., 4.], dtype=float32)]
    """


@op(namespace="function", traceable=False)
def call(function: Function, inputs: Tensors) -> list[Array]:
    """Call a function.

    Args:
        function: what `K.function` made.
        inputs: one value for each of its inputs, in order.

    Returns:
        One numpy array for each of its outputs.

    Raises:
        ValueError: when the number of inputs or a shape is not what the placeholders say.

    Example:
        >>> x = K.placeholder(shape=(2,))
        >>> K.function([x], [x * x, x + 1])([[1.0, 2.0]])
        [array([1., 4.], dtype=float32), array([2., 3.], dtype=float32)]
    """


@op
def gradients(loss: TensorLike, variables: Tensors) -> list[Tensor]:
    """Derivatives of a symbol.

    What was computed of variables alone, outside graph mode (`K.symbolic`), is a value: gradients do not go through it.

    Args:
        loss: symbol of a float dtype; one that is not a scalar counts as its sum.
        variables: variables, placeholders or other symbols to differentiate by.

    Returns:
        For each, a symbol of its shape; None where `loss` does not depend on it.

    Raises:
        TypeError: when `loss` is not of a float dtype.

    Example:
        >>> x = K.placeholder(shape=(2,))
        >>> K.function([x], K.gradients(K.sum(K.square(x)), [x]))([[1.0, 2.0]])
        [array([2., 4.], dtype=float32)]
    """


@rule(gradients)
def _(loss: Spec | None, variables: list[Spec | None]) -> None:
    checked(loss, FLOAT, "loss")


@op
def stop_gradient(variables: TensorLike) -> Tensor:
    """The same value, which gradients take for a constant.

    Args:
        variables: tensor or variable; `K.stop_gradient` takes a list of them, too, and gives a list.

    Returns:
        A tensor of the same dtype and shape.

    Example:
        >>> x = K.placeholder(shape=(2,))
        >>> K.function([x], K.gradients(K.sum(K.stop_gradient(x) * x), [x]))([[1.0, 2.0]])
        [array([1., 2.], dtype=float32)]
    """


@rule(stop_gradient)
def _(variables: Spec | None) -> Spec | None:
    variables = checked(variables, ANY, "variables")
    return known(variables.dtype, variables.shape)


@op
def print_tensor(x: TensorLike, message: str = "", summarize: int | None = 3) -> Tensor:
    """The same value, printed whenever it is computed.

    Args:
        x: tensor or variable.
        message: what to print before it.
        summarize: how many elements at each end of an axis are printed, None is 3; -1 prints all, of up to 10000.

    Returns:
        A tensor of `x`'s dtype and shape; use it in place of `x`, or nothing is printed.

    Example:
        >>> K.eval(K.print_tensor(K.variable([1.0, 2.0]), "x is"))
        x is...
        array([1., 2.], dtype=float32)
    """


@rule(print_tensor)
def _(x: Spec | None, message: str, summarize: int | None) -> Spec | None:
    x = checked(x, ANY)
    return known(x.dtype, x.shape)


@op(traceable=False)
def eval(x: TensorLike) -> Array:
    """The value of a tensor as a numpy array.

    Args:
        x: tensor or variable; in graph mode also a symbol that depends on variables alone. A sparse one becomes dense.

    Returns:
        A numpy array of `x`'s dtype and shape.

    Raises:
        ValueError: when `x` depends on a placeholder.

    Example:
        >>> K.eval(K.variable([[1, 2], [3, 4]]))
        array([[1., 2.],
               [3., 4.]], dtype=float32)
    """


@rule(eval)
def _(x: Spec | None) -> Spec | None:
    x = checked(x, ANY, sparse=True)
    return known(x.dtype, x.shape)
