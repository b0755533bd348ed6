"""One run of a program: its instructions in order, and what their relative references name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kremote_proto.errors import KremoteError, MalformedRequest
from kremote_proto.messages import Instruction, Program, Reference, Result, reference_from_wire
from kremote_proto.tensors import tensor_from_wire

from .room import Room

if TYPE_CHECKING:
    from .session import Session

#: What stands for the value of an op that returns none.
NOTHING = object()


class Run:
    """The inputs and the results so far of a program that runs in a session."""

    def __init__(self, session: Session, program: Program, instructions: Sequence[Instruction], relative: bool) -> None:
        self._session = session
        self._program = program
        self._instructions = instructions
        #: Whether references to ids are refused: a template's bytes must not name them.
        self._relative = relative
        self._made: list[Result] = []
        self._values: list[Any] = []
        self._inputs: dict[int, Any] = {}

    @property
    def inputs(self) -> list[Any]:
        """The values of all inputs; raises where one cannot be had."""
        return [self._input(Reference(input=n), "$") for n in range(len(self._program.inputs))]

    @property
    def values(self) -> list[Any] | None:
        """The values of all instructions that were run, None where one failed."""
        return None if any(result.error is not None for result in self._made) else self._values

    def reply(self) -> dict[str, Any]:
        """Run the program: the reply's map."""
        first, reported = self._program.first, self._program.report
        described = None if reported is None else set(reported)
        for position, instruction in enumerate(self._instructions):
            identifier = instruction.id if first is None else first + position
            told = described is None or position in described
            result, value = self._session.execute(instruction, identifier, self, told)
            self._made.append(result)
            self._values.append(value)
        room = Room()
        values = [self._session.fetched(reference, room, self.find) for reference in self._program.fetch]
        self._forget()
        self._session.free(self._program.free)
        return {"results": [result.to_wire() for result in self._reported()], "values": values}

    def reference(self, wire: Mapping[str, Any], path: str) -> Any:
        """The value of a wire reference, for the kinds."""
        reference = reference_from_wire(wire, path)
        if self._relative and reference.id is not None:
            raise MalformedRequest(
                f"expected a reference to a result, an input or a variable in a template; got an id at {path}",
                hint="put it among the program's inputs",
            )
        return self.find(reference, path)

    def tensor(self, value: Any, path: str) -> Any:
        """The engine's tensor of a host array, for the kinds."""
        return self._session.tensor(value, path)

    def find(self, reference: Reference, path: str = "$") -> Any:
        """The value of a reference; raises the error of a failed instruction again."""
        if reference.result is not None:
            return self._result(reference, path)
        if reference.input is not None:
            return self._input(reference, path)
        return self._session.find(reference, path)

    def _result(self, reference: Reference, path: str) -> Any:
        position = reference.result
        assert position is not None
        if position >= len(self._made):
            raise MalformedRequest(f"expected the position of an earlier instruction; got {position} at {path}.result")
        value = self._values[position]
        return self._session.usable(None if value is NOTHING else value, self._made[position].id, reference.item, path)

    def _input(self, reference: Reference, path: str) -> Any:
        position, inputs = reference.input, self._program.inputs
        assert position is not None
        if position >= len(inputs):
            raise MalformedRequest(f"expected one of {len(inputs)} inputs; got {position} at {path}.input")
        if position not in self._inputs:
            self._inputs[position] = self._read(inputs[position], f"$.inputs[{position}]")
        value = self._inputs[position]
        return value if reference.item is None else self._session.item(value, position, reference.item, path)

    def _read(self, given: Any, path: str) -> Any:
        if isinstance(given, Reference):
            return self._session.find(given, path)
        try:
            return self._session.tensor(tensor_from_wire(given, path), path)
        except KremoteError:
            raise
        except Exception as error:
            raise self._session.engine.translate(error) from error

    def _forget(self) -> None:
        """Forget the results that are not to be kept; not what was there before under an id that was refused."""
        if self._program.keep is None:
            return
        kept = set(self._program.keep)
        made = zip(self._made, self._values, strict=True)
        dropped = [
            result.id for i, (result, value) in enumerate(made) if i not in kept and self._session.has(result.id, value)
        ]
        self._session.free(dropped)

    def _reported(self) -> list[Result]:
        if self._program.report is None:
            return self._made
        reported = set(self._program.report)
        return [result for i, result in enumerate(self._made) if i in reported or result.error is not None]
