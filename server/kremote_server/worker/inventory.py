"""The inventory of a session: each object it holds once, as plain values, and the tensors apart.

What is the same object stays one: a variable under two ids and in a function is one entry that all of these name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kremote_proto.specs import Spec
from kremote_proto.tensors import SparseArray

from ..engines.engine import Engine
from ..engines.recording.functions import CompiledFunction
from ..engines.recording.symbols import Closure, Node, Symbol, Update
from ..engines.seeds import SeedCounter

_PLAIN = (bool, float, str, bytes)
_MOST_INTEGER = 1 << 63


class NotKept(Exception):
    """An object that no snapshot can have; the message says what it is."""


class Inventory:
    """The objects met so far. Structures that hold them become lists whose first item is a tag."""

    def __init__(self, engine: Engine, seeds: SeedCounter) -> None:
        self.entries: list[dict[str, Any]] = []
        #: The values of tensors and variables as they are now: tensors of the engine, or arrays of the host.
        self.tensors: list[Any] = []
        self._engine = engine
        self._seeds = seeds
        self._numbers: dict[int, int] = {}
        #: An object's number stands for its identity, so it must not go.
        self._objects: list[Any] = []
        self._described = 0

    def structure(self, value: Any) -> Any:
        """A value, or values in lists, tuples, maps and slices."""
        if value is None or type(value) in _PLAIN:
            return value
        if type(value) is int and -_MOST_INTEGER <= value < _MOST_INTEGER:
            return value
        if type(value) in (list, tuple):
            return ["list" if type(value) is list else "tuple", *map(self.structure, value)]
        if type(value) is dict:
            return ["map", [[key, self.structure(item)] for key, item in value.items()]]
        if type(value) is slice:
            return ["slice", *map(self.structure, (value.start, value.stop, value.step))]
        if value is Ellipsis:
            return ["ellipsis"]
        return ["object", self.number(value)]

    def number(self, value: Any) -> int:
        """The entry of an object; what it is made of gets entries in `finish`."""
        found = self._numbers.get(id(value))
        if found is None:
            found = self._numbers[id(value)] = len(self._objects)
            self._objects.append(value)
        return found

    def finish(self) -> None:
        """Describe all objects, those too that others are made of."""
        while self._described < len(self._objects):
            value = self._objects[self._described]
            self._described += 1
            self.entries.append(self._entry(value))

    def _entry(self, value: Any) -> dict[str, Any]:
        describe: tuple[tuple[type, Callable[[Any], dict[str, Any]]], ...] = (
            (Symbol, self._symbol),
            (Node, self._node),
            (Closure, self._closure),
            (CompiledFunction, self._function),
            (SparseArray, self._sparse),
            (np.ndarray, lambda array: {"kind": "array", "tensor": self._tensor(array)}),
        )
        for kind, described in describe:
            if isinstance(value, kind):
                return described(value)
        if self._engine.is_variable(value):
            return {"kind": "variable", "tensor": self._tensor(self._engine.read(value))}
        if hasattr(value, "dtype") and not isinstance(value, np.generic):
            return {"kind": "tensor", "tensor": self._tensor(value)}
        raise NotKept(f"an object of the type {type(value).__name__}")

    def _tensor(self, value: Any) -> int:
        self.tensors.append(value)
        return len(self.tensors) - 1

    def _sparse(self, value: SparseArray) -> dict[str, Any]:
        return {"kind": "tensor", "tensor": self._tensor(value)}

    def _symbol(self, symbol: Symbol) -> dict[str, Any]:
        entry = {
            "kind": "symbol",
            "spec": spec_to_plain(symbol.spec),
            "node": None if symbol.node is None else self.number(symbol.node),
            "index": symbol.index,
            "name": symbol.name,
            "default": self.structure(symbol.default),
            "number": symbol.number,
            "asked": None if symbol.compiled is None else symbol.compiled.asked,
        }
        if isinstance(symbol, Update):
            entry |= {"update": symbol.op, "variable": self.structure(symbol.variable)}
            entry["amount"] = self.structure(symbol.amount)
        return entry

    def _node(self, node: Node) -> dict[str, Any]:
        counter = self._seeds.sequence_of(node)
        return {
            "kind": "node",
            "op": None if node.op is None else node.op.name,
            "arguments": self.structure(node.arguments),
            "seeds": None if counter is None else [counter.stream, counter.drawn],
        }

    def _closure(self, closure: Closure) -> dict[str, Any]:
        captures = [self.number(symbol) for symbol in closure.captures]
        return {"kind": "closure", "function": self.number(closure.function), "captures": captures}

    def _function(self, function: CompiledFunction) -> dict[str, Any]:
        return {
            "kind": "function",
            "inputs": [self.number(symbol) for symbol in function.inputs],
            "outputs": self.structure(function.outputs),
            "updates": [self.number(symbol) for symbol in function.updates],
            "name": function.name,
            "asked": function.asked,
        }


def spec_to_plain(spec: Spec) -> list[Any]:
    """All of a spec, as plain values."""
    return [spec.dtype, spec.shape, spec.sparse, spec.lengths]


def spec_from_plain(plain: list[Any]) -> Spec:
    """The spec of `spec_to_plain`.

    >>> spec_from_plain(spec_to_plain(Spec("float32", (2, None))))
    Spec(dtype='float32', shape=(2, None), sparse=False)
    """
    dtype, shape, sparse, lengths = plain
    return Spec(dtype, _tuple(shape), sparse, _tuple(lengths))


def _tuple(lengths: list[int | None] | None) -> tuple[int | None, ...] | None:
    return None if lengths is None else tuple(lengths)
