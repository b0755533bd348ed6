"""Ops that make and use symbols: placeholders, functions, updates that wait, shapes that are known."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from kremote_proto.errors import InvalidType, InvalidValue, Unsupported
from kremote_proto.op import Op, find_op
from kremote_proto.shapes import compatible
from kremote_proto.specs import Spec

from .functions import CompiledFunction
from .symbols import Symbol, Update, graph_mode

if TYPE_CHECKING:
    from ..engine import Engine

#: Ops that an engine's graph has, whatever its library: the method of each.
METHODS = {
    "placeholder": "placeholder",
    "placeholder.with_default": "with_default",
    "function": "function",
    "function.call": "call",
    "gradients": "gradients",
    "shape": "shape",
    "size": "size",
}
#: Ops whose change waits for a function where an argument is a symbol.
UPDATES = ("update", "update_add", "update_sub", "moving_average_update")

_UPDATE_AT_ONCE = (
    "the update took effect when it was made, because nothing in it depends on a symbol; make it inside K.symbolic, "
    "or give a (variable, symbol) pair"
)


class Graph:
    """The ops of one engine that handle symbols by themselves."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @staticmethod
    def derivatives(loss: Any, variables: list[Any]) -> list[Any]:
        """What a node of gradients computes, where the engine's library has them."""
        raise Unsupported("the engine has no gradients")

    def method(self, op: Op) -> Callable[..., Any] | None:
        """The method of an op, None for one that every engine has of its own."""
        found: Callable[..., Any] | None = getattr(self, METHODS.get(op.name, ""), None)
        return found

    def placeholder(
        self,
        shape: Sequence[int | None] | None,
        ndim: int | None,
        dtype: str,
        sparse: bool,
        name: str | None,
        ragged: bool = False,
    ) -> Symbol:
        """A symbol to be fed."""
        if shape is None and ndim is not None:
            shape = (None,) * ndim
        lengths = None if shape is None else tuple(None if n is None or n < 0 else int(n) for n in shape)
        return Symbol(Spec(dtype, lengths, sparse), name=name)

    def with_default(self, value: Any, name: str | None) -> Symbol:
        """A symbol that need not be fed."""
        if isinstance(value, Symbol):
            raise InvalidType("expected a concrete default; got a symbol")
        default = self._engine.read(value)
        return Symbol(self._engine.spec(default), name=name, default=default)

    def function(
        self, inputs: list[Any], outputs: list[Any], updates: list[Any] | None, name: str | None
    ) -> CompiledFunction:
        """Symbols compiled into a function."""
        for i, symbol in enumerate(inputs):
            if not isinstance(symbol, Symbol):
                raise InvalidType(
                    f"expected a symbol (a placeholder, or what is computed from one); got a value at $.inputs[{i}]"
                )
        changes = [self._as_update(item, i) for i, item in enumerate(updates or [])]
        return CompiledFunction(self._engine, inputs, outputs, changes, name)

    def call(self, function: CompiledFunction, inputs: list[Any]) -> list[Any]:
        """Run a function."""
        return function(inputs)

    def gradients(self, loss: Any, variables: list[Any]) -> list[Symbol | None]:
        """Derivatives, where the engine's library has them."""
        raise Unsupported(
            f"the engine {self._engine.name} has no gradients: it computes with a library that does not differentiate",
            hint="the engine tensorflow has them: kremote serve --backend tensorflow",
        )

    def shape(self, x: Any) -> Any:
        """The lengths of the axes."""
        return self._asked("shape", list, x=x)

    def size(self, x: Any, name: str | None) -> Any:
        """The number of elements."""
        return self._asked("size", math.prod, x=x, name=name)

    def update(self, op: str, arguments: dict[str, Any]) -> Update:
        """The symbol an update op makes when an argument is a symbol."""
        variable = arguments.pop("x")
        if op == "moving_average_update":
            return self._make_update("update_sub", variable, self._moving_average_step(variable, **arguments))
        (amount,) = arguments.values()
        return self._make_update(op, variable, amount)

    def _asked(self, op: str, of_static: Callable[[Any], Any], /, **arguments: Any) -> Any:
        """What is asked of a shape. Where it is static the answer is, too: a placeholder behind it need not be fed."""
        x = arguments["x"]
        static = x.spec.shape if isinstance(x, Symbol) else None
        if static is not None and None not in static:
            value = {"value": of_static(static), "dtype": "int32", "shape": None, "name": None}
            return self._recorded("constant", **value)
        if isinstance(x, Symbol) or graph_mode.get():
            return self._recorded(op, **arguments)
        return self._engine.compute(op, **arguments)

    def _recorded(self, op: str, /, **arguments: Any) -> Any:
        found = find_op(op)
        return self._engine.record(found, self._engine.implementation(found), arguments)

    def _moving_average_step(self, variable: Any, value: Any, momentum: Any) -> Any:
        dtype = self._engine.spec(variable).dtype
        value, momentum = (self._recorded("cast", x=x, dtype=dtype) for x in (value, momentum))
        away = self._recorded("operator.sub", x=variable, y=value)
        return self._recorded("operator.mul", x=away, y=self._recorded("operator.sub", x=1, y=momentum))

    def _as_update(self, item: Any, position: int) -> Symbol:
        if isinstance(item, Symbol):  # Keras adds plain symbols too, to have them run
            return item
        if isinstance(item, tuple):
            variable, value = item
            return self._make_update("update", variable, value)
        if self._engine.is_variable(item):
            raise InvalidValue(
                f"expected an update that waits for the function at $.updates[{position}]", hint=_UPDATE_AT_ONCE
            )
        raise InvalidType(f"expected an update or a (variable, value) pair; got a value at $.updates[{position}]")

    def _make_update(self, op: str, variable: Any, amount: Any) -> Update:
        """The symbol of a change to be made when a function runs."""
        if not self._engine.is_variable(variable):
            raise InvalidType("expected a variable to update; got a tensor")
        spec, given = self._engine.spec(variable), self._engine.spec(amount)
        if not compatible(given.shape, spec.shape):
            raise InvalidValue(f"expected a value of shape {spec.shape} for the variable; got {given.shape}")
        return Update(spec, variable=variable, op=op, amount=amount)
