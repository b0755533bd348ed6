"""Requests and replies of a session: instructions, programs, results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import KremoteError, LimitExceeded, MalformedRequest, error_from_wire, shown
from .specs import Spec, spec_from_wire

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
    """A value of the session: an id, an item of a result of several, or a named variable."""

    id: int | None = None
    item: int | None = None
    variable: str | None = None

    def to_wire(self) -> dict[str, Any]:
        """The wire map."""
        if self.variable is not None:
            return {"variable": self.variable}
        return {"ref": self.id} if self.item is None else {"ref": self.id, "item": self.item}


def reference_from_wire(wire: Any, path: str) -> Reference:
    """A reference of a wire map; raises `MalformedRequest`.

    >>> reference_from_wire({"ref": 7, "item": 1}, "$")
    Reference(id=7, item=1, variable=None)
    """
    if isinstance(wire, Mapping) and isinstance(wire.get("variable"), str) and len(wire) == 1:
        return Reference(variable=wire["variable"])
    if isinstance(wire, Mapping) and "ref" in wire and set(wire) <= {"ref", "item"}:
        item = wire.get("item")
        if item is None or (type(item) is int and item >= 0):
            return Reference(checked_id(wire["ref"], f"{path}.ref"), item)
    raise MalformedRequest(
        f'expected {{"ref": id}}, {{"ref": id, "item": n}} or {{"variable": name}}; got {shown(wire)} at {path}'
    )


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

    def to_wire(self) -> dict[str, Any]:
        """The body of `POST .../run`."""
        return {
            "instructions": [instruction.to_wire() for instruction in self.instructions],
            "fetch": [reference.to_wire() for reference in self.fetch],
            "free": self.free,
        }


def program_from_wire(wire: Any, *, most_instructions: int) -> Program:
    """The program of a decoded body; raises `MalformedRequest` or `LimitExceeded`."""
    if not isinstance(wire, Mapping):
        raise MalformedRequest(f"expected a map with instructions, fetch and free; got {type(wire).__name__} at $")
    unknown = set(wire) - {"instructions", "fetch", "free"}
    if unknown:
        raise MalformedRequest(f"expected instructions, fetch and free; got {shown(sorted(map(str, unknown)))} at $")
    parts = {name: wire.get(name) or [] for name in ("instructions", "fetch", "free")}
    for name, part in parts.items():
        if not isinstance(part, list):
            raise MalformedRequest(f"expected a list; got {type(part).__name__} at $.{name}")
    for name, what in (("instructions", "instructions"), ("fetch", "values to fetch")):
        if len(parts[name]) > most_instructions:
            raise LimitExceeded(
                f"expected at most {most_instructions} {what} in a program; got {len(parts[name])}",
                hint="send it as several programs; values stay on the server between them",
            )
    return Program(
        [_instruction(item, f"$.instructions[{i}]") for i, item in enumerate(parts["instructions"])],
        [reference_from_wire(item, f"$.fetch[{i}]") for i, item in enumerate(parts["fetch"])],
        [checked_id(item, f"$.free[{i}]") for i, item in enumerate(parts["free"])],
    )


def _instruction(wire: Any, path: str) -> Instruction:
    if not isinstance(wire, Mapping) or not isinstance(wire.get("op"), str):
        raise MalformedRequest(f"expected a map with op, args and id; got {shown(wire)} at {path}")
    identifier = None if wire.get("id") is None else checked_id(wire["id"], f"{path}.id")
    return Instruction(wire["op"], wire.get("args", {}), identifier, wire.get("symbolic") is True)


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
