"""How each kind of argument is checked, packed for the wire on the client, and unpacked on the server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any, Protocol

import numpy as np

from . import handles
from .errors import InvalidType, InvalidValue, KremoteError, LimitExceeded
from .specs import FunctionSpec, Spec
from .tensors import is_tensor_map, tensor_from_wire

REFERENCE_SCHEMA = {
    "oneOf": [
        {
            "type": "object",
            "required": ["ref"],
            "properties": {"ref": {"type": "integer"}, "item": {"type": "integer"}},
        },
        {"type": "object", "required": ["variable"], "properties": {"variable": {"type": "string"}}},
        *(
            {"type": "object", "required": [of], "properties": {of: {"type": "integer"}, "item": {"type": "integer"}}}
            for of in ("result", "input")
        ),
    ]
}
#: How many tensors an argument may list.
MOST_ITEMS = 10_000
TENSOR_SCHEMA = {"$ref": "#/components/schemas/Tensor"}


class Sender(Protocol):
    """The client's side of packing."""

    def tensor(self, value: Any, path: str) -> Any:
        """The wire form of a handle, an array, a number or a list."""

    def handle(self, handle: handles.Handle, path: str) -> Any:
        """The wire form of a handle, of a function too."""


class Resolver(Protocol):
    """The server's side of unpacking: wire references become an engine's values."""

    def reference(self, wire: Mapping[str, Any], path: str) -> Any:
        """The value of `{"ref": id}` or `{"variable": name}`."""

    def tensor(self, value: Any, path: str) -> Any:
        """The engine's tensor for a host array or sparse array."""


#: The spec of a handle or an engine's value, None while it is unknown.
SpecOf = Callable[[Any], "Spec | None"]


def wrong_type(expected: str, value: Any, path: str) -> InvalidType:
    """The error for an argument of a wrong type.

    >>> wrong_type("an integer", "x", "$.axis")
    InvalidType("expected an integer; got str 'x' at $.axis")
    """
    shown = repr(value)
    return InvalidType(f"expected {expected}; got {type(value).__name__} {shown[:60]} at {path}")


class Kind:
    """A plain JSON value: the same on both sides of the wire once checked."""

    def __init__(
        self,
        name: str,
        expected: str,
        schema: Mapping[str, Any],
        accepts: Callable[[Any], bool] = lambda _: True,
        *,
        convert: Callable[[Any], Any] = lambda value: value,
        setting: str | None = None,
    ) -> None:
        self.name = name
        self.expected = expected
        self.schema = schema
        self._accepts = accepts
        self._convert = convert
        #: The client's setting that stands in for None (`floatx`, `image_data_format`).
        self.setting = setting

    def pack(self, value: Any, path: str, sender: Sender) -> Any:
        """The wire form of a client's argument."""
        return self.check(value, path)

    def unpack(self, wire: Any, path: str, resolver: Resolver) -> Any:
        """The engine's argument for a wire form."""
        return self.check(wire, path)

    def specs(self, value: Any, path: str, spec_of: SpecOf) -> Any:
        """What an op's rule is given for an argument: specs for tensors, other values checked and normalised."""
        return self.check(value, path)

    def check(self, value: Any, path: str) -> Any:
        """The value, normalised; raises `InvalidType` where it is not of this kind. A concrete tensor is its value."""
        if isinstance(value, handles.Tensor) and not value.symbolic:
            value = value.numpy()
        value = value.item() if isinstance(value, np.generic) or _is_scalar_array(value) else value
        try:
            value = self._convert(value)
        except KremoteError as error:
            error.message += f" at {path}"
            raise
        if not self._accepts(value):
            raise wrong_type(self.expected, value, path)
        return value


def _is_scalar_array(value: Any) -> bool:
    """Whether a value is what `K.cast_to_floatx(0.5)` makes of a number: an array of rank 0."""
    return isinstance(value, np.ndarray) and value.ndim == 0


def is_integer(value: Any) -> bool:
    """Whether a value is an integer and no boolean."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_reference(wire: Any) -> bool:
    """Whether a decoded value is a wire reference."""
    if not isinstance(wire, Mapping):
        return False
    # Of a structure's own names, "input" and "result" are likely ones: only numbers there make a reference.
    return "ref" in wire or "variable" in wire or type(wire.get("result")) is int or type(wire.get("input")) is int


class TensorKind(Kind):
    """A tensor: a reference, a tensor map, or numbers and lists taken as they are."""

    def pack(self, value: Any, path: str, sender: Sender) -> Any:
        return sender.tensor(value, path)

    def unpack(self, wire: Any, path: str, resolver: Resolver) -> Any:
        if is_reference(wire):
            return _one_tensor(resolver.reference(wire, path), path)
        if is_tensor_map(wire):
            return resolver.tensor(tensor_from_wire(wire, path), path)
        if isinstance(wire, bool | int | float | str | bytes):
            return wire
        if isinstance(wire, list):
            return resolver.tensor(_rectangular(wire, path), path) if not _plain(wire) else wire
        raise wrong_type(self.expected, wire, path)

    def specs(self, value: Any, path: str, spec_of: SpecOf) -> Any:
        return spec_of(value)


def _one_tensor(value: Any, path: str) -> Any:
    """An engine's value, where it is a tensor."""
    if isinstance(value, list | tuple):
        hint = 'name one of them with {"ref": id, "item": n}'
        raise InvalidType(f"expected one tensor; got a result of {len(value)} at {path}", hint=hint)
    if callable(value) and not hasattr(value, "shape"):
        raise InvalidType(f"expected a tensor; got a function at {path}")
    return value


def _plain(wire: list[Any]) -> bool:
    """Whether a list is a rectangle of numbers or texts.

    numpy is asked for numbers only: for texts it would take memory for each as long as the longest.
    """
    level = wire
    while (found := set(map(type, level))) == {list} and len(set(map(len, level))) == 1:
        level = list(chain.from_iterable(level))
    if found & {str, bytes}:
        return found <= {str, bytes, int, float, bool}
    try:
        return list not in found and np.asarray(level).dtype.kind in "biufc"
    except ValueError:
        return False


def _rectangular(wire: list[Any], path: str) -> Any:
    raise InvalidValue(
        f"expected numbers in nested lists of equal lengths; got {repr(wire)[:60]} at {path}",
        hint="references go alone, not inside a list of numbers; join tensors with an op such as concatenate",
    )


class ScalarKind(TensorKind):
    """A number or a tensor of rank 0; a rule is given the number itself."""

    def pack(self, value: Any, path: str, sender: Sender) -> Any:
        return sender.tensor(self._checked(value, path), path)

    def unpack(self, wire: Any, path: str, resolver: Resolver) -> Any:
        return self._checked(super().unpack(wire, path, resolver), path)

    def specs(self, value: Any, path: str, spec_of: SpecOf) -> Any:
        """The number; of a tensor its spec, which may say nothing."""
        if isinstance(value, int | float) and not isinstance(value, np.generic):
            return value
        return spec_of(value) or Spec(None, None)

    def _checked(self, value: Any, path: str) -> Any:
        if isinstance(value, bool | str | bytes | list | tuple):
            raise wrong_type(self.expected, value, path)
        return value


class VariableKind(Kind):
    """A variable, by `{"ref": id}` or `{"variable": name}`."""

    def pack(self, value: Any, path: str, sender: Sender) -> Any:
        if not isinstance(value, handles.Variable):
            raise wrong_type(self.expected, value, path)
        return sender.tensor(value, path)

    def unpack(self, wire: Any, path: str, resolver: Resolver) -> Any:
        if not is_reference(wire):
            raise wrong_type('a variable as {"ref": id} or {"variable": name}', wire, path)
        return _one_tensor(resolver.reference(wire, path), path)

    def specs(self, value: Any, path: str, spec_of: SpecOf) -> Any:
        return spec_of(value)


TENSOR = TensorKind("tensor", "a tensor, an array, a number or a list of numbers", TENSOR_SCHEMA)
SCALAR = ScalarKind("scalar", "a number or a tensor of rank 0", TENSOR_SCHEMA)
VARIABLE = VariableKind("variable", "a variable", REFERENCE_SCHEMA)


class FunctionKind(Kind):
    """A function made earlier, by `{"ref": id}`."""

    def pack(self, value: Any, path: str, sender: Sender) -> Any:
        if not isinstance(value, handles.Function):
            raise wrong_type(self.expected, value, path)
        return sender.handle(value, path)

    def unpack(self, wire: Any, path: str, resolver: Resolver) -> Any:
        if not is_reference(wire):
            raise wrong_type('a function as {"ref": id}', wire, path)
        value = resolver.reference(wire, path)
        if not callable(value):
            raise InvalidType(f"expected a function; got a {type(value).__name__} at {path}")
        return value

    def specs(self, value: Any, path: str, spec_of: SpecOf) -> Any:
        """A `FunctionSpec`, None where the function does not say what it takes and gives."""
        found = getattr(value, "spec", None)
        return found if isinstance(found, FunctionSpec) else None


FUNCTION = FunctionKind("function", "a function", VARIABLE.schema)


class BranchKind(Kind):
    """A tensor, or a function whose results stand for it."""

    def pack(self, value: Any, path: str, sender: Sender) -> Any:
        kind = FUNCTION if isinstance(value, handles.Function) else TENSOR
        return kind.pack(value, path, sender)

    def unpack(self, wire: Any, path: str, resolver: Resolver) -> Any:
        value = resolver.reference(wire, path) if is_reference(wire) else None
        return value if callable(value) else TENSOR.unpack(wire, path, resolver)

    def specs(self, value: Any, path: str, spec_of: SpecOf) -> Any:
        """A list of specs, None where it is a function that does not say what it gives."""
        found = FUNCTION.specs(value, path, spec_of)
        if found is not None:
            return list(found.outputs)
        return None if callable(value) else [spec_of(value)]


class ListKind(Kind):
    """A list of one kind; a single item stands for a list of one."""

    def __init__(self, name: str, item: Kind) -> None:
        schema = {"type": "array", "items": item.schema}
        super().__init__(name, f"a list, each {item.expected}", schema)
        self.item = item

    def pack(self, value: Any, path: str, sender: Sender) -> Any:
        items = list(value) if isinstance(value, list | tuple) else [value]
        return [self.item.pack(item, f"{path}[{i}]", sender) for i, item in enumerate(items)]

    def unpack(self, wire: Any, path: str, resolver: Resolver) -> Any:
        items = wire if isinstance(wire, list) else [wire]
        if len(items) > MOST_ITEMS:
            raise LimitExceeded(f"expected a list of at most {MOST_ITEMS}; got {len(items)} at {path}")
        return [self.item.unpack(item, f"{path}[{i}]", resolver) for i, item in enumerate(items)]

    def specs(self, value: Any, path: str, spec_of: SpecOf) -> Any:
        items = value if isinstance(value, list | tuple) else [value]
        return [self.item.specs(item, f"{path}[{i}]", spec_of) for i, item in enumerate(items)]
