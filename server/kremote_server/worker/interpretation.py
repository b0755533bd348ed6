"""A template's instructions run with tensors of a graph in the place of values, for an engine to compile them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kremote_proto.compound_arguments import IntegerLikeKind, PaddingsKind, ShapeKind
from kremote_proto.messages import Instruction, Reference, reference_from_wire
from kremote_proto.op import Op, find_op
from kremote_proto.specs import Spec

from ..engines.engine import Engine
from ..engines.programs import NotCompiled, Outcome
from ..engines.recording.graph import UPDATES
from ..engines.structures import leaves
from .limits import Limits

#: Ops that are interpreted always, though they take and give tensors: they print, or make symbols.
_INTERPRETED = frozenset({"print_tensor", "placeholder", "placeholder.with_default", "gradients"})
#: Kinds of argument that hold no function, no symbol and no variable to be changed.
_PLAIN = {
    *("tensor", "tensors", "scalar", "shape", "index", "axis", "numbers for each axis", "integers", "paddings"),
    *("integer or tensor", "integers or tensor", "dtype", "integer", "number", "boolean", "string", "padding"),
    "data_format",
}
_SHAPES = (IntegerLikeKind, PaddingsKind, ShapeKind)


def compilable(op: Op) -> bool:
    """Whether a program that has the op may be compiled: it makes tensors of tensors, or is an update."""
    if op.name in UPDATES:
        return True
    kinds = {parameter.kind.name for parameter in op.parameters.values()}
    of_tensors = op.returns in ("tensor", "tensors") and kinds <= _PLAIN
    return op.traceable and of_tensors and op.name not in _INTERPRETED


class Interpretation:
    """One run of instructions whose inputs are an engine's tensors of a graph."""

    def __init__(
        self, engine: Engine, limits: Limits, instructions: Sequence[Instruction], aliases: Mapping[int, int]
    ) -> None:
        self._engine = engine
        self._limits = limits
        self._instructions = instructions
        #: Results that are a variable itself: its place among the inputs.
        self._aliases = aliases
        self._current: list[Any] = []
        self._same: Sequence[int] = ()
        self._places: Mapping[str, int] = {}
        self._results: list[Any] = []
        #: What the results are, known when it has run.
        self.specs: list[Spec | list[Spec] | None] = []

    def run(self, inputs: list[Any], same: Sequence[int], names: Mapping[str, int], outputs: Sequence[int]) -> Outcome:
        """Run the instructions.

        `same` is the place where each input came first, `names` are the places of named variables, `outputs` the
        positions of results to give.
        """
        self._current, self._same, self._places, self._results = list(inputs), same, names, []
        changed: set[int] = set()
        for position, instruction in enumerate(self._instructions):
            op = find_op(instruction.op)
            if instruction.symbolic:
                raise NotCompiled("it makes symbols")
            if op.name in UPDATES:
                changed.add(self._update(op, instruction))
                self._results.append(None)
            else:
                self._results.append(self._computed(op, instruction) if position not in self._aliases else None)
        self.specs = [None if result is None else self._spec(result) for result in self._results]
        given = [self._results[position] for position in outputs]
        flat = [tensor for result in given for tensor in (result if isinstance(result, list) else [result])]
        return Outcome(flat, {place: self._current[place] for place in changed})

    def reference(self, wire: Mapping[str, Any], path: str) -> Any:
        """The tensor of a wire reference, for the kinds."""
        reference = reference_from_wire(wire, path)
        place = self._place(reference)
        found = self._results[reference.result or 0] if place is None else self._current[place]
        if reference.item is None:
            return found
        if not isinstance(found, list) or reference.item >= len(found):
            raise NotCompiled(f"no item {reference.item} at {path}")
        return found[reference.item]

    def tensor(self, value: Any, path: str) -> Any:
        """The engine's tensor of a host array, for the kinds."""
        return self._engine.tensor(value)

    def _place(self, reference: Reference) -> int | None:
        """The place among the inputs of what a reference names, None for the result of an op."""
        if reference.variable is not None:
            return self._places[reference.variable]
        if reference.input is not None:
            return self._same[reference.input]
        if reference.result is None:
            raise NotCompiled("an id")
        if reference.result >= len(self._results):
            raise NotCompiled("a result that is none")
        return self._aliases.get(reference.result)

    def _update(self, op: Op, instruction: Instruction) -> int:
        place = self._place(reference_from_wire(instruction.args["x"], "$.x"))
        if place is None or len(self._results) not in self._aliases:
            raise NotCompiled("an update of what is no variable among the inputs")
        arguments = self._arguments(op, instruction)
        self._current[place] = self._engine.updated(op.name, arguments.pop("x"), **arguments)
        return place

    def _computed(self, op: Op, instruction: Instruction) -> Any:
        value = self._engine.find(op)(**self._arguments(op, instruction))
        if op.returns == "tensors":
            value = list(value)
        return value

    def _arguments(self, op: Op, instruction: Instruction) -> dict[str, Any]:
        arguments = op.unpack(instruction.args, self)
        for name, parameter in op.parameters.items():
            lengths = leaves(arguments[name]) if isinstance(parameter.kind, _SHAPES) else ()
            if any(self._engine.signature(length) is not None for length in lengths):
                raise NotCompiled(f"{op.name}: lengths that are tensors")
        op.infer(arguments, self._engine.spec)
        return arguments

    def _spec(self, result: Any) -> Spec | list[Spec]:
        if isinstance(result, list):
            return [self._one_spec(item) for item in result]
        return self._one_spec(result)

    def _one_spec(self, tensor: Any) -> Spec:
        if self._engine.signature(tensor) is None:
            raise NotCompiled("a result that is no tensor")
        spec = self._engine.spec(tensor)
        if spec.size is None:
            raise NotCompiled("a result whose shape only its values tell")
        self._limits.check_spec(spec)
        return spec
