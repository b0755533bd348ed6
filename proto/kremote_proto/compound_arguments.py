"""Arguments with more to them than one tensor: pairs, updates, structures, shapes, indices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from . import handles
from .arguments import TENSOR, VARIABLE, Kind, ListKind, Resolver, Sender, SpecOf, is_integer, is_reference, wrong_type
from .errors import InvalidType, InvalidValue
from .specs import Spec
from .tensors import is_tensor_map


class PairsKind(Kind):
    """A list of (variable, tensor) pairs."""

    def pack(self, value: Any, path: str, sender: Sender) -> Any:
        return [
            [VARIABLE.pack(variable, f"{path}[{i}][0]", sender), TENSOR.pack(new, f"{path}[{i}][1]", sender)]
            for i, (variable, new) in enumerate(_checked_pairs(value, path))
        ]

    def unpack(self, wire: Any, path: str, resolver: Resolver) -> Any:
        return [
            (VARIABLE.unpack(variable, f"{path}[{i}][0]", resolver), TENSOR.unpack(new, f"{path}[{i}][1]", resolver))
            for i, (variable, new) in enumerate(_checked_pairs(wire, path))
        ]

    def specs(self, value: Any, path: str, spec_of: SpecOf) -> Any:
        return [(spec_of(variable), spec_of(new)) for variable, new in _checked_pairs(value, path)]


def _checked_pairs(value: Any, path: str) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise wrong_type("a list of (variable, value) pairs", value, path)
    for i, pair in enumerate(value):
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise wrong_type("a pair of a variable and a value", pair, f"{path}[{i}]")
    return list(value)


PAIRS = PairsKind("pairs", "a list of (variable, tensor) pairs", {"type": "array"})


class UpdatesKind(Kind):
    """Updates of a function: results of `update` ops with a symbol, or (variable, tensor) pairs."""

    def pack(self, value: Any, path: str, sender: Sender) -> Any:
        items = list(value) if isinstance(value, list | tuple) else [value]
        return [
            PAIRS.pack([item], f"{path}[{i}]", sender)[0]
            if isinstance(item, list | tuple)
            else TENSOR.pack(item, f"{path}[{i}]", sender)
            for i, item in enumerate(items)
        ]

    def unpack(self, wire: Any, path: str, resolver: Resolver) -> Any:
        if not isinstance(wire, list):
            raise wrong_type(self.expected, wire, path)
        return [
            PAIRS.unpack([item], f"{path}[{i}]", resolver)[0]
            if isinstance(item, list)
            else VARIABLE.unpack(item, f"{path}[{i}]", resolver)
            for i, item in enumerate(wire)
        ]

    def specs(self, value: Any, path: str, spec_of: SpecOf) -> Any:
        return value


class StructureKind(Kind):
    """Tensors in nested lists and maps."""

    def pack(self, value: Any, path: str, sender: Sender) -> Any:
        if isinstance(value, Mapping):
            return {str(key): self.pack(item, f"{path}.{key}", sender) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.pack(item, f"{path}[{i}]", sender) for i, item in enumerate(value)]
        return sender.tensor(value, path)

    def unpack(self, wire: Any, path: str, resolver: Resolver) -> Any:
        if isinstance(wire, list):
            return [self.unpack(item, f"{path}[{i}]", resolver) for i, item in enumerate(wire)]
        if isinstance(wire, Mapping) and not is_reference(wire) and not is_tensor_map(wire):
            return {key: self.unpack(item, f"{path}.{key}", resolver) for key, item in wire.items()}
        return TENSOR.unpack(wire, path, resolver)

    def specs(self, value: Any, path: str, spec_of: SpecOf) -> Any:
        if isinstance(value, Mapping):
            return {key: self.specs(item, f"{path}.{key}", spec_of) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.specs(item, f"{path}[{i}]", spec_of) for i, item in enumerate(value)]
        return spec_of(value)


class ShapeKind(Kind):
    """A shape: lengths, None where unknown, and references where a length (or the whole) is a tensor."""

    #: What messages call one of the integers, and whether it may be None.
    item = "a length (an integer, or None where unknown)"
    nullable = True

    def pack(self, value: Any, path: str, sender: Sender) -> Any:
        if isinstance(value, handles.Tensor):
            return sender.tensor(value, path)
        lengths = _listed(value)
        if lengths is None and self.nullable:
            raise InvalidValue(f"expected {self.expected}; got None at {path}")
        if not isinstance(lengths, list | tuple):
            raise wrong_type(self.expected, value, path)
        return [
            sender.tensor(n, f"{path}[{i}]") if isinstance(n, handles.Tensor) else self._length(n, f"{path}[{i}]")
            for i, n in enumerate(lengths)
        ]

    def unpack(self, wire: Any, path: str, resolver: Resolver) -> Any:
        if isinstance(wire, Mapping):
            return TENSOR.unpack(wire, path, resolver)
        lengths = _listed(wire)
        if not isinstance(lengths, list | tuple):  # a default is a tuple
            raise wrong_type(self.expected, wire, path)
        return tuple(
            TENSOR.unpack(n, f"{path}[{i}]", resolver) if isinstance(n, Mapping) else self._length(n, f"{path}[{i}]")
            for i, n in enumerate(lengths)
        )

    def specs(self, value: Any, path: str, spec_of: SpecOf) -> Any:
        """A tuple with None for each length that is not known; Ellipsis where not even their number is."""
        lengths = _listed(value)
        if not isinstance(lengths, list | tuple):
            spec = _dense_spec(lengths, path, spec_of)
            if spec is None or spec.ndim != 1 or spec.size is None:
                return Ellipsis
            return spec.lengths or (None,) * spec.size
        return tuple(self._specs_length(n, f"{path}[{i}]", spec_of) for i, n in enumerate(lengths))

    def _specs_length(self, value: Any, path: str, spec_of: SpecOf) -> int | None:
        plain = value is None or isinstance(value, int | np.integer)
        return self._length(value, path) if plain else _told(_dense_spec(value, path, spec_of))

    def _length(self, value: Any, path: str) -> int | None:
        if value is None and self.nullable:
            return None
        if not isinstance(value, int | np.integer) or isinstance(value, bool):
            raise wrong_type(self.item, value, path)
        if not -(2**63) <= int(value) < 2**63:
            raise InvalidValue(f"expected {self.item} that fits 64 bits; got {value} at {path}")
        return int(value)


def _told(spec: Spec | None) -> int | None:
    """The length that a tensor is, None where it is not known."""
    return spec.lengths[0] if spec is not None and spec.lengths and spec.shape == () else None


def _dense_spec(value: Any, path: str, spec_of: SpecOf) -> Spec | None:
    """The spec of lengths or indices; raises for a sparse tensor."""
    spec = spec_of(value)
    if isinstance(spec, Spec) and spec.sparse:
        raise InvalidType(f"expected a dense tensor; got a sparse {spec} at {path}", hint="K.to_dense makes it dense")
    return spec


def _listed(value: Any) -> Any:
    """The list of an array; one integer stands for a list of one."""
    integers = value.tolist() if isinstance(value, np.ndarray | np.integer) else value
    return [integers] if is_integer(integers) else integers


class IntegersLikeKind(ShapeKind):
    """Integers, each a number or a scalar tensor, or one tensor of them."""

    item = "an integer"
    nullable = False


class IntegerLikeKind(Kind):
    """An integer, or a scalar tensor of one."""

    def pack(self, value: Any, path: str, sender: Sender) -> Any:
        return sender.tensor(value, path) if isinstance(value, handles.Tensor) else self.check(value, path)

    def unpack(self, wire: Any, path: str, resolver: Resolver) -> Any:
        return TENSOR.unpack(wire, path, resolver) if isinstance(wire, Mapping) else self.check(wire, path)

    def specs(self, value: Any, path: str, spec_of: SpecOf) -> int | None:
        """The integer, None where it is a tensor's that is not known."""
        value = value.item() if isinstance(value, np.ndarray | np.generic) and value.ndim == 0 else value
        return value if is_integer(value) else _told(_dense_spec(value, path, spec_of))


class PaddingsKind(ListKind):
    """A list of pairs of integers, each a number or a scalar tensor."""

    def pack(self, value: Any, path: str, sender: Sender) -> Any:
        return super().pack(_listed(value), path, sender)

    def unpack(self, wire: Any, path: str, resolver: Resolver) -> Any:
        return super().unpack(list(wire) if isinstance(wire, tuple) else wire, path, resolver)

    def specs(self, value: Any, path: str, spec_of: SpecOf) -> Any:
        return super().specs(_listed(value), path, spec_of)


class IndexKind(Kind):
    """What stands between the brackets of `x[...]`: a list with one entry for each index.

    An entry is an integer, a tensor, `{"slice": [start, stop, step]}`, `{"ellipsis": true}` or `{"newaxis": true}`.
    """

    def pack(self, value: Any, path: str, sender: Sender) -> Any:
        entries = _entries(value)
        return [self._pack_entry(entry, f"{path}[{i}]", sender) for i, entry in enumerate(entries)]

    def _pack_entry(self, entry: Any, path: str, sender: Sender) -> Any:
        if entry is None:
            return {"newaxis": True}
        if entry is Ellipsis:
            return {"ellipsis": True}
        if isinstance(entry, slice):
            bounds = (entry.start, entry.stop, entry.step)
            return {"slice": [None if n is None else self._pack_entry(n, path, sender) for n in bounds]}
        if isinstance(entry, bool | float | str):
            raise wrong_type("an integer, slice, ellipsis, None or tensor as index", entry, path)
        if isinstance(entry, int | np.integer):
            return _index_integer(int(entry), path)
        return sender.tensor(np.asarray(entry) if isinstance(entry, list) else entry, path)

    def unpack(self, wire: Any, path: str, resolver: Resolver) -> Any:
        entries = wire if isinstance(wire, list) else [wire]
        return tuple(self._unpack_entry(entry, f"{path}[{i}]", resolver) for i, entry in enumerate(entries))

    def _unpack_entry(self, wire: Any, path: str, resolver: Resolver) -> Any:
        if is_integer(wire):
            return _index_integer(wire, path)
        if isinstance(wire, Mapping) and len(wire) == 1:
            if wire.get("newaxis") is True:
                return None
            if wire.get("ellipsis") is True:
                return Ellipsis
            bounds = wire.get("slice")
            if isinstance(bounds, list) and len(bounds) == 3:
                return slice(*(None if n is None else self._unpack_entry(n, path, resolver) for n in bounds))
        if is_reference(wire) or is_tensor_map(wire):
            return TENSOR.unpack(wire, path, resolver)
        raise wrong_type(self.expected, wire, path)

    def specs(self, value: Any, path: str, spec_of: SpecOf) -> Any:
        """A tuple of integers, slices, None, Ellipsis and, for tensors, specs."""
        entries = _entries(value)
        return tuple(self._specs_entry(entry, f"{path}[{i}]", spec_of) for i, entry in enumerate(entries))

    def _specs_entry(self, entry: Any, path: str, spec_of: SpecOf) -> Any:
        if isinstance(entry, slice):
            return slice(*(self._specs_entry(bound, path, spec_of) for bound in (entry.start, entry.stop, entry.step)))
        if entry is None or entry is Ellipsis or isinstance(entry, int | np.integer):
            return entry
        return _dense_spec(np.asarray(entry) if isinstance(entry, list) else entry, path, spec_of)


def _entries(value: Any) -> tuple[Any, ...]:
    """The indices between the brackets: a list stands for a tuple, as in TensorFlow, but one of bools is a mask."""
    if isinstance(value, list) and not (value and all(isinstance(entry, bool) for entry in value)):
        return tuple(value)
    return value if isinstance(value, tuple) else (value,)


def _index_integer(value: int, path: str) -> int:
    if not -(2**63) <= value < 2**63:
        raise InvalidValue(f"expected an index that fits 64 bits; got {value} at {path}")
    return value
