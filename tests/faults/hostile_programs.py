"""Programs that run an op with given arguments: at once, in a function of symbols, in its gradient, in a callable."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kremote_proto.errors import KremoteError
from kremote_proto.messages import Instruction, Program, Reference
from kremote_proto.op import Op
from kremote_proto.specs import Spec
from kremote_proto.tensors import Array, SparseArray

from .hostile_arguments import Held, Step, spec_of

#: The ways to run an op.
WAYS = ("eager", "function", "gradient", "callable")

#: How many placeholders a program has.
_MOST_SYMBOLS = 50

_identifiers = itertools.count(1 << 30)


def program_of(op: Op, arguments: dict[str, Any], way: str, random: random.Random) -> Program:
    """The program of an op's arguments; it frees all that it makes."""
    draft = _Draft(random, symbolic=way != "eager")
    wire = {name: draft.argument(op.parameters[name].kind.name, value) for name, value in arguments.items()}
    result = draft.add(op.name, wire, symbolic=way != "eager")
    outputs = [result] if op.returns not in ("tensors", "arrays") else _items(op, arguments, result)
    if way == "gradient" and draft.inputs:
        gradients = draft.add("gradients", {"loss": outputs[0], "variables": draft.inputs})
        for item, _ in enumerate(draft.inputs[:3]):
            draft.called([{**gradients, "item": item}], "function")
    elif way != "eager":
        draft.called(outputs, way)
    return draft.program()


def _items(op: Op, arguments: dict[str, Any], result: dict[str, int]) -> list[dict[str, int]]:
    """The results of an op that gives several, as far as its rule tells."""
    try:
        said = op.infer(arguments, spec_of)
    except (KremoteError, ValueError, TypeError):
        said = None
    return [{**result, "item": item} for item in range(len(said) if isinstance(said, list) else 1)]


@dataclass
class _Draft:
    """A program while it is written."""

    random: random.Random
    symbolic: bool
    instructions: list[Instruction] = field(default_factory=list)
    #: Placeholders and what they are fed.
    inputs: list[dict[str, int]] = field(default_factory=list)
    feeds: list[Any] = field(default_factory=list)
    fetched: list[int] = field(default_factory=list)

    def add(self, op: str, arguments: dict[str, Any], symbolic: bool = False) -> dict[str, int]:
        """A reference to the result of one more instruction."""
        identifier = next(_identifiers)
        self.instructions.append(Instruction(op, arguments, identifier, symbolic))
        return {"ref": identifier}

    def called(self, outputs: list[Any], way: str) -> None:
        """Call what was written so far as a function, or have an op call it for each of two elements."""
        function = self.add("function", {"inputs": self.inputs, "outputs": outputs})
        if way == "callable" and self.feeds and not any(isinstance(value, SparseArray) for value in self.feeds):
            elems = [np.stack([value, value]) for value in self.feeds]
            result = self.add("map_fn", {"fn": function, "elems": elems})
        else:
            result = self.add("function.call", {"function": function, "inputs": self.feeds})
        self.fetched.append(result["ref"])

    def program(self) -> Program:
        """What was written, which fetches the last result."""
        identifiers = [one.id for one in self.instructions if one.id is not None]
        fetch = [Reference(identifier) for identifier in self.fetched or identifiers[-1:]]
        return Program(self.instructions, fetch, identifiers)

    def argument(self, kind: str, value: Any) -> Any:
        """The wire form of an argument of a kind."""
        if kind == "index":
            entries = value if isinstance(value, list | tuple) else [value]
            return [self._index(entry) for entry in entries]
        if isinstance(value, Held):
            return self.add("variable", {"value": value.value, "dtype": None})
        if isinstance(value, Step):
            return self._function(value)
        if isinstance(value, list | tuple):
            return [self.argument(kind, item) for item in value]
        if isinstance(value, np.ndarray | SparseArray):
            awaited = self.symbolic and len(self.inputs) < _MOST_SYMBOLS and self.random.random() < 0.8
            return self._placeholder(value) if awaited else value
        return value

    def _index(self, entry: Any) -> Any:
        if entry is None:
            return {"newaxis": True}
        if entry is Ellipsis:
            return {"ellipsis": True}
        if isinstance(entry, slice):
            return {"slice": [self.argument("", bound) for bound in (entry.start, entry.stop, entry.step)]}
        return self.argument("", entry)

    def _placeholder(self, value: Array | SparseArray) -> dict[str, int]:
        spec = spec_of(value)
        assert spec is not None
        self.feeds.append(value)
        self.inputs.append(self.add("placeholder", self._loosely(spec)))
        return self.inputs[-1]

    def _loosely(self, spec: Spec) -> dict[str, Any]:
        """A placeholder's arguments: some lengths, or even the rank, only show in a call."""
        assert spec.shape is not None
        shape: Any = [None if self.random.random() < 0.4 else length for length in spec.shape]
        unknown = self.random.random() < 0.15
        return {"shape": None if unknown else shape, "dtype": spec.dtype, "sparse": spec.sparse}

    def _function(self, step: Step) -> dict[str, int]:
        inputs = [
            self.add("placeholder", {"shape": None if one.shape is None else list(one.shape), "dtype": one.dtype})
            for one in step.inputs
        ]
        outputs: list[Any] = []
        for source in step.sources:
            if not isinstance(source, int):
                outputs.append(source)
            elif source < len(inputs):
                outputs.append(self.add("stop_gradient", {"variables": inputs[source]}))
        return self.add("function", {"inputs": inputs, "outputs": outputs})
