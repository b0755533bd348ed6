"""Requests and replies of a session: instructions, programs, results."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .codec import decode
from .errors import KremoteError, LimitExceeded, MalformedRequest, error_from_wire, shown
from .specs import Spec, spec_from_wire
from .tensors import is_tensor_map

#: Ids are 1 to 2**53 - 1, so that every language's numbers hold them.
HIGHEST_ID = 2**53 - 1
#: Results larger than this many bytes are fetched by their own request instead of inside a reply.
INLINE_BYTES = 1 << 20


def checked_id(value: Any, path: str) -> int:
    """An id, or `MalformedRequest`."""
    if type(value) is not int or not 1 <= value <= HIGHEST_ID:
        raise MalformedRequest(f"expected an id, an integer from 1 to 2**53 - 1; got {shown(value)} at {path}")
    return value


@dataclass(frozen=True, slots=True)
class Reference:
    """A value of the session: an id, an item of a result of several, or a named variable.

    Inside a program also the result of its n-th instruction, or the n-th of its inputs.
    """

    id: int | None = None
    item: int | None = None
    variable: str | None = None
    result: int | None = None
    input: int | None = None

    def to_wire(self) -> dict[str, Any]:
        """The wire map."""
        if self.variable is not None:
            return {"variable": self.variable}
        of = {"ref": self.id, "result": self.result, "input": self.input}
        wire: dict[str, Any] = {name: number for name, number in of.items() if number is not None}
        return wire if self.item is None else {**wire, "item": self.item}


def reference_from_wire(wire: Any, path: str) -> Reference:
    """A reference of a wire map; raises `MalformedRequest`.

    >>> reference_from_wire({"ref": 7, "item": 1}, "$")
    Reference(id=7, item=1, variable=None, result=None, input=None)
    """
    if type(wire) is dict and len(wire) == 1:  # nearly all: nothing of theirs is checked twice
        ((name, number),) = wire.items()
        if type(number) is int and 0 < number <= HIGHEST_ID:
            if name == "ref":
                return Reference(number)
            if name in ("result", "input"):
                return _relative(name, number)
    if isinstance(wire, Mapping) and isinstance(wire.get("variable"), str) and len(wire) == 1:
        return Reference(variable=wire["variable"])
    of = (
        next((name for name in ("ref", "result", "input") if name in wire), None) if isinstance(wire, Mapping) else None
    )
    if of is not None and set(wire) <= {of, "item"}:
        item = wire.get("item")
        if item is None or _is_position(item):
            if of == "ref":
                return Reference(checked_id(wire["ref"], f"{path}.ref"), item)
            if _is_position(wire[of]):
                return Reference(item=item, **{of: wire[of]})
    raise MalformedRequest(
        f'expected {{"ref": id}}, {{"ref": id, "item": n}} or {{"variable": name}}, in a program also {{"result": n}} '
        f'or {{"input": n}}; got {shown(wire)} at {path}'
    )


@functools.lru_cache(1 << 12)
def _relative(name: str, number: int) -> Reference:
    return Reference(result=number) if name == "result" else Reference(input=number)


def _is_position(value: Any) -> bool:
    return type(value) is int and value >= 0


@dataclass(slots=True)
class Instruction:
    """One op applied to arguments, with the id its result will have (None: the server picks one)."""

    op: str
    args: Any
    id: int | None = None
    #: Make a symbol even of concrete arguments (graph mode).
    symbolic: bool = False

    def to_wire(self) -> dict[str, Any]:
        """The wire map."""
        wire: dict[str, Any] = {"id": self.id, "op": self.op, "args": self.args}
        if self.symbolic:
            wire["symbolic"] = True
        return wire


@dataclass(slots=True)
class Program:
    """Instructions in order, then references to fetch, then ids to free."""

    instructions: list[Instruction] = field(default_factory=list)
    fetch: list[Reference] = field(default_factory=list)
    free: list[int] = field(default_factory=list)
    #: What `{"input": n}` names: references, and tensors as wire maps.
    inputs: list[Any] = field(default_factory=list)
    #: The id of the first result; the n-th has `first + n`.
    first: int | None = None
    #: Positions of the results that stay, and of those that the reply describes; None for all.
    keep: list[int] | None = None
    report: list[int] | None = None
    #: In the place of instructions: the MessagePack of their list, or the SHA-256 of one sent before.
    template: bytes | None = None
    digest: bytes | None = None

    def to_wire(self) -> dict[str, Any]:
        """The body of `POST .../run`."""
        instructions: Any = [instruction.to_wire() for instruction in self.instructions]
        wire: dict[str, Any] = {
            "instructions": instructions if self.template is None else self.template,
            "fetch": [reference.to_wire() for reference in self.fetch],
            "free": self.free,
        }
        if self.digest is not None:
            del wire["instructions"]
        more = {"first": self.first, "keep": self.keep, "report": self.report, "template": self.digest}
        if self.inputs:
            wire["inputs"] = [item.to_wire() if isinstance(item, Reference) else item for item in self.inputs]
        return {**wire, **{name: value for name, value in more.items() if value is not None}}

    def check_positions(self, count: int) -> None:
        """Refuse positions that `count` instructions do not have, and ids above the highest."""
        for name, positions in (("keep", self.keep), ("report", self.report)):
            for i, position in enumerate(positions or ()):
                if position >= count:
                    raise _no_position(position, count, f"$.{name}[{i}]")
        for i, reference in enumerate(self.fetch):
            if reference.result is not None and reference.result >= count:
                raise _no_position(reference.result, count, f"$.fetch[{i}].result")
            if reference.input is not None and reference.input >= len(self.inputs):
                raise MalformedRequest(
                    f"expected one of {len(self.inputs)} inputs; got {reference.input} at $.fetch[{i}].input"
                )
        if self.first is not None and self.first + count - 1 > HIGHEST_ID:
            raise MalformedRequest(
                f"expected ids up to 2**53 - 1; got {self.first} for the first of {count} at $.first"
            )


def _no_position(position: int, count: int, path: str) -> MalformedRequest:
    return MalformedRequest(f"expected the position of one of {count} instructions; got {position} at {path}")


_LISTS = ("instructions", "fetch", "free", "inputs")
_ENTRIES = (*_LISTS, "first", "keep", "report", "template")


def program_from_wire(wire: Any, *, most_instructions: int) -> Program:
    """The program of a decoded body; raises `MalformedRequest` or `LimitExceeded`.

    A template stays bytes, which `template_from_bytes` reads; then `check_positions` can tell.
    """
    if not isinstance(wire, Mapping):
        raise MalformedRequest(f"expected a map with instructions, fetch and free; got {type(wire).__name__} at $")
    if unknown := set(wire) - set(_ENTRIES):
        raise MalformedRequest(f"expected {', '.join(_ENTRIES)}; got {shown(sorted(map(str, unknown)))} at $")
    instructions, fetch, free, inputs = (wire.get(name) or [] for name in _LISTS)
    template, digest, first = None, wire.get("template"), wire.get("first")
    if digest is not None:
        _check_digest(digest, instructions)
    if isinstance(instructions, bytes):
        template, instructions = instructions, []
    for name, part in zip(_LISTS, (instructions, fetch, free, inputs), strict=True):
        if not isinstance(part, list):
            raise MalformedRequest(f"expected a list; got {type(part).__name__} at $.{name}")
    for what, part in (("values to fetch", fetch), ("inputs", inputs)):
        _check_length(part, what, most_instructions)
    if first is not None:
        checked_id(first, "$.first")
    elif template is not None or digest is not None:
        raise MalformedRequest("expected first, the id of a template's first result; got none at $")
    return Program(
        _instructions(instructions, most_instructions, without_ids=first is not None),
        [reference_from_wire(item, f"$.fetch[{i}]") for i, item in enumerate(fetch)],
        [checked_id(item, f"$.free[{i}]") for i, item in enumerate(free)],
        [_input(item, f"$.inputs[{i}]") for i, item in enumerate(inputs)],
        first,
        _positions(wire.get("keep"), "keep", most_instructions),
        _positions(wire.get("report"), "report", most_instructions),
        template,
        digest,
    )


def template_from_bytes(template: bytes, *, most_instructions: int) -> list[Instruction]:
    """The instructions of a template; raises `MalformedRequest` or `LimitExceeded`."""
    wire = decode(template)
    if not isinstance(wire, list):
        raise MalformedRequest(f"expected a template of a list; got {type(wire).__name__} at $.instructions")
    return _instructions(wire, most_instructions, without_ids=True)


def _check_digest(digest: Any, instructions: Any) -> None:
    if not isinstance(digest, bytes) or len(digest) != 32:
        raise MalformedRequest(f"expected the 32 bytes of a SHA-256; got {shown(digest)} at $.template")
    if instructions:
        raise MalformedRequest("expected a template or instructions; got both at $")


def _check_length(part: Sequence[Any], what: str, most: int) -> None:
    if len(part) > most:
        raise LimitExceeded(
            f"expected at most {most} {what} in a program; got {len(part)}",
            hint="send it as several programs; values stay on the server between them",
        )


def _instructions(wire: list[Any], most: int, *, without_ids: bool) -> list[Instruction]:
    _check_length(wire, "instructions", most)
    instructions = [_instruction(item, f"$.instructions[{i}]") for i, item in enumerate(wire)]
    for i, instruction in enumerate(instructions if without_ids else ()):
        if instruction.id is not None:
            raise MalformedRequest(
                f"expected no id, as first gives each its own; got {instruction.id} at $.instructions[{i}].id"
            )
    return instructions


def _instruction(wire: Any, path: str) -> Instruction:
    if not isinstance(wire, Mapping) or not isinstance(wire.get("op"), str):
        raise MalformedRequest(f"expected a map with op, args and id; got {shown(wire)} at {path}")
    identifier = None if wire.get("id") is None else checked_id(wire["id"], f"{path}.id")
    return Instruction(wire["op"], wire.get("args", {}), identifier, wire.get("symbolic") is True)


def _input(wire: Any, path: str) -> Any:
    if is_tensor_map(wire):
        return wire
    reference = reference_from_wire(wire, path)
    if reference.result is not None or reference.input is not None:
        raise MalformedRequest(f"expected a reference to a value, or a tensor; got {shown(wire)} at {path}")
    return reference


def _positions(wire: Any, name: str, most: int) -> list[int] | None:
    if wire is None:
        return None
    if not isinstance(wire, list) or len(wire) > most or not all(map(_is_position, wire)):
        raise MalformedRequest(
            f"expected a list of at most {most} positions, each 0 or more; got {shown(wire)} at $.{name}"
        )
    return wire


@dataclass(slots=True)
class Result:
    """What became of one instruction: a spec, several specs, an error, or nothing but done."""

    id: int
    spec: Spec | None = None
    #: Of a result of several: an item's spec, None where the op gave nothing (a gradient that does not exist).
    items: list[Spec | None] | None = None
    #: "tensor", "variable" or "function"; None for an op that returns nothing.
    kind: str | None = "tensor"
    symbolic: bool = False
    #: The name the server gave a variable.
    name: str | None = None
    error: KremoteError | None = None

    def to_wire(self) -> dict[str, Any]:
        """The wire map of a reply."""
        wire: dict[str, Any] = {"id": self.id}
        if self.error is not None:
            return {**wire, "error": self.error.to_wire()}
        if self.spec is not None:
            wire.update(self.spec.to_wire())
        if self.items is not None:
            wire["items"] = [None if item is None else item.to_wire() for item in self.items]
        if self.kind != "tensor":
            wire["kind"] = self.kind
        if self.symbolic:
            wire["symbolic"] = True
        if self.name is not None:
            wire["name"] = self.name
        return wire


def result_from_wire(wire: Mapping[str, Any]) -> Result:
    """The result of a reply's map."""
    if "error" in wire:
        return Result(wire["id"], error=error_from_wire(wire["error"]))
    items = wire.get("items")
    return Result(
        wire["id"],
        spec_from_wire(wire) if "shape" in wire else None,
        None if items is None else [None if item is None else spec_from_wire(item) for item in items],
        wire.get("kind", "tensor"),
        bool(wire.get("symbolic", False)),
        wire.get("name"),
    )
