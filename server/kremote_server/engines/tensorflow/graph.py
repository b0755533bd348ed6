"""Ops that make and use symbols: placeholders, functions, gradients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import tensorflow as tf

from kremote_proto.errors import InvalidType, InvalidValue
from kremote_proto.specs import Spec

from .functions import CompiledFunction
from .printing import print_tensor
from .symbols import Evaluation, Node, Symbol, Update, make_placeholder, reachable, record, spec_of

F = TypeVar("F", bound=Callable[..., Any])

__all__ = ["call", "eval", "function", "gradients", "placeholder", "print_tensor", "stop_gradient"]

_UPDATE_AT_ONCE = (
    "the update took effect when it was made, because nothing in it depends on a symbol; make it inside K.symbolic, "
    "or give a (variable, symbol) pair"
)


def direct(implementation: F) -> F:
    """Mark an implementation that handles symbols by itself."""
    implementation.direct = True  # type: ignore[attr-defined]
    return implementation


@direct
def placeholder(
    shape: Sequence[int | None] | None, ndim: int | None, dtype: str, sparse: bool, name: str | None
) -> Symbol:
    """A symbol to be fed."""
    if shape is None and ndim is not None:
        shape = (None,) * ndim
    lengths = None if shape is None else tuple(None if n is None or n < 0 else int(n) for n in shape)
    return Symbol(Spec(dtype, lengths, sparse), name=name)


@direct
def function(inputs: list[Any], outputs: list[Any], updates: list[Any] | None, name: str | None) -> CompiledFunction:
    """Symbols compiled into a function."""
    for i, symbol in enumerate(inputs):
        if not isinstance(symbol, Symbol):
            raise InvalidType(
                f"expected a symbol (a placeholder, or what is computed from one); got a value at $.inputs[{i}]"
            )
    return CompiledFunction(inputs, outputs, [_as_update(item, i) for i, item in enumerate(updates or [])], name)


def _as_update(item: Any, position: int) -> Update:
    if isinstance(item, Update):
        return item
    if isinstance(item, tuple):
        variable, value = item
        return make_update(variable, "assign", value)
    if isinstance(item, tf.Variable):
        raise InvalidValue(
            f"expected an update that waits for the function at $.updates[{position}]", hint=_UPDATE_AT_ONCE
        )
    if isinstance(item, Symbol):  # Keras adds plain symbols too, to have them run
        return item  # type: ignore[return-value]
    raise InvalidType(f"expected an update or a (variable, value) pair; got a value at $.updates[{position}]")


def make_update(variable: Any, method: str, amount: Any) -> Update:
    """The symbol of a change to be made when a function runs."""
    if not isinstance(variable, tf.Variable):
        raise InvalidType("expected a variable to update; got a tensor")
    spec = spec_of(variable)
    if isinstance(amount, Symbol | tf.Variable) or tf.is_tensor(amount):
        shape = tf.TensorShape(spec_of(amount).shape)
        if not shape.is_compatible_with(variable.shape) and method == "assign":
            raise InvalidValue(f"expected a value of shape {spec.shape} for the variable; got {spec_of(amount).shape}")
    return Update(spec, variable=variable, method=method, amount=amount, node=_UPDATE_NODE)


#: Updates are computed, not fed; what they compute is in their own fields.
_UPDATE_NODE = Node(None, lambda: None, {})


#: Each update op, and the method of the variable that makes its change.
UPDATE_METHODS = {
    "update": "assign",
    "update_add": "assign_add",
    "update_sub": "assign_sub",
    "moving_average_update": "assign_sub",
}


def symbolic_update(op: str, arguments: dict[str, Any]) -> Update:
    """The symbol an update op makes when an argument is a symbol."""
    variable = arguments.pop("x")
    if op == "moving_average_update":
        amount = record(None, _moving_average_step, {"variable": variable, **arguments})
    else:
        (amount,) = arguments.values()
    return make_update(variable, UPDATE_METHODS[op], amount)


def _moving_average_step(variable: Any, value: Any, momentum: Any) -> Any:
    value = tf.cast(value, variable.dtype)
    return (variable - value) * (1 - tf.cast(momentum, variable.dtype))


@direct
def call(function: CompiledFunction, inputs: list[Any]) -> list[Any]:
    """Run a function."""
    return function(inputs)


@direct
def gradients(loss: Any, variables: list[Any]) -> list[Symbol | None]:
    """The symbols of the gradients of a symbol; None for a variable it does not depend on."""
    if not isinstance(loss, Symbol):
        raise InvalidValue(
            "expected a symbol as loss; got a concrete value, which has no history to differentiate",
            hint="compute the loss from a K.placeholder, or inside a function decorated with K.symbolic",
        )
    node = Node(None, _gradients, {"loss": loss, "variables": variables})
    connected = _connected(loss, variables)
    return [Symbol(spec_of(x), node, i) if connected[i] else None for i, x in enumerate(variables)]


def _gradients(loss: Any, variables: list[Any]) -> list[Any]:
    found = tf.gradients(loss, variables)
    return [
        tf.zeros_like(variable) if gradient is None else tf.convert_to_tensor(gradient)
        for gradient, variable in zip(found, variables, strict=True)
    ]


def _connected(loss: Symbol, variables: list[Any]) -> list[bool]:
    """Which variables TensorFlow finds a gradient for, by tracing the loss once without computing it."""
    found: list[bool] = []

    def trace() -> None:
        targets = [loss, *variables]
        fed = {symbol: make_placeholder(symbol.spec) for symbol in reachable(targets) if symbol.is_placeholder}
        evaluation = Evaluation(dict(fed))
        evaluation.run(targets)
        gradients = tf.gradients(evaluation.value(loss), [evaluation.value(variable) for variable in variables])
        found.extend(gradient is not None for gradient in gradients)

    tf.function(trace, autograph=False).get_concrete_function()
    return found


def stop_gradient(variables: Any) -> Any:
    """The same value, taken as constant by gradients."""
    return tf.stop_gradient(variables)


def eval(x: Any) -> Any:
    """The value of a tensor."""
    return tf.sparse.to_dense(tf.sparse.reorder(x)) if isinstance(x, tf.SparseTensor) else tf.convert_to_tensor(x)
