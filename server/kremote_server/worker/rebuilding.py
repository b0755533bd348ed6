"""Objects made again from an inventory, each once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kremote_proto.op import find_op
from kremote_proto.tensors import Array, SparseArray

from ..engines.engine import Engine
from ..engines.recording.functions import CompiledFunction
from ..engines.recording.symbols import Closure, Node, Symbol, Update
from ..engines.seeds import SeedCounter
from .inventory import spec_from_plain


class Rebuilding:
    """The objects of an inventory. Symbols come before what they are made of, since that may lead back to them."""

    def __init__(
        self,
        engine: Engine,
        seeds: SeedCounter,
        entries: list[dict[str, Any]],
        tensor: Callable[[int], Array | SparseArray],
    ) -> None:
        """`tensor` gives a tensor's array by its number."""
        self._engine = engine
        self._seeds = seeds
        self._entries = entries
        self._tensor = tensor
        self._objects: list[Any] = [self._begun(entry) for entry in entries]
        self._number_symbols()
        for entry, value in zip(entries, self._objects, strict=True):
            self._fill(entry, value)
        # A function looks at all the symbols behind it when it is made.
        functions = [n for n, entry in enumerate(entries) if entry["kind"] == "function"]
        for number in functions:
            self._objects[number] = self._function(entries[number])
        for entry, value in zip(entries, self._objects, strict=True):
            self._finish(entry, value)

    def structure(self, plain: Any) -> Any:
        """The value of a structure of the inventory."""
        if not isinstance(plain, list):
            return plain
        tag, *items = plain
        if tag == "object":
            return self._objects[items[0]]
        if tag == "map":
            return {key: self.structure(item) for key, item in items[0]}
        if tag == "ellipsis":
            return Ellipsis
        values = [self.structure(item) for item in items]
        return values if tag == "list" else tuple(values) if tag == "tuple" else slice(*values)

    def _begun(self, entry: dict[str, Any]) -> Any:
        kind = entry["kind"]
        if kind == "array":
            return self._tensor(entry["tensor"])
        if kind == "tensor":
            return self._engine.tensor(self._tensor(entry["tensor"]))
        if kind == "variable":
            value = self._tensor(entry["tensor"])
            assert not isinstance(value, SparseArray), "a variable is dense"
            return self._engine.variable(value)
        if kind == "symbol":
            made = Update if "update" in entry else Symbol
            return made(spec_from_plain(entry["spec"]), index=entry["index"], name=entry["name"])
        if kind == "node":
            op = None if entry["op"] is None else find_op(entry["op"])
            implementation = self._engine.graph.derivatives if op is None else self._engine.implementation(op)
            return Node(op, implementation, {})
        return Closure(None) if kind == "closure" else None

    def _number_symbols(self) -> None:
        """Give symbols numbers in the order that they were made in: functions ask which were made first."""
        symbols = [(entry["number"], value) for entry, value in self._of("symbol")]
        numbers = sorted(symbol.number for _, symbol in symbols)
        for (_, symbol), number in zip(sorted(symbols, key=lambda pair: pair[0]), numbers, strict=True):
            symbol.number = number

    def _of(self, kind: str) -> list[tuple[dict[str, Any], Any]]:
        pairs = zip(self._entries, self._objects, strict=True)
        return [(entry, value) for entry, value in pairs if entry["kind"] == kind]

    def _fill(self, entry: dict[str, Any], value: Any) -> None:
        if entry["kind"] == "symbol":
            value.node = None if entry["node"] is None else self._objects[entry["node"]]
            value.default = self.structure(entry["default"])
            if isinstance(value, Update):
                value.op = entry["update"]
                value.variable, value.amount = self.structure(entry["variable"]), self.structure(entry["amount"])
        elif entry["kind"] == "node":
            value.arguments = self.structure(entry["arguments"])
            if entry["seeds"] is not None:
                self._seeds.begin_for(value, *entry["seeds"])
        elif entry["kind"] == "closure":
            value.captures = [self._objects[number] for number in entry["captures"]]

    def _function(self, entry: dict[str, Any]) -> CompiledFunction:
        inputs = [self._objects[number] for number in entry["inputs"]]
        updates = [self._objects[number] for number in entry["updates"]]
        outputs = self.structure(entry["outputs"])
        function = CompiledFunction(self._engine, inputs, outputs, updates, entry["name"])
        function.asked = entry["asked"]
        return function

    def _finish(self, entry: dict[str, Any], value: Any) -> None:
        if entry["kind"] == "closure":
            value.function = self._objects[entry["function"]]
        elif entry["kind"] == "symbol" and entry["asked"] is not None:
            value.compiled = CompiledFunction(self._engine, [], [value])
            value.compiled.asked = entry["asked"]
