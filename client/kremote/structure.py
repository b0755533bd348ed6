"""Nested lists, tuples and maps: their leaves, and the same structure with other leaves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import repeat
from typing import Any

from kremote_proto.errors import InvalidType, InvalidValue


def leaves(structure: Any) -> list[Any]:
    """The leaves in order; a map's by sorted key.

    >>> leaves([1, (2, {"b": 4, "a": 3})])
    [1, 2, 3, 4]
    """
    if isinstance(structure, Mapping):
        return [leaf for key in sorted(structure) for leaf in leaves(structure[key])]
    if isinstance(structure, list | tuple):
        return [leaf for part in structure for leaf in leaves(part)]
    return [structure]


def matching_leaves(structure: Any, value: Any, place: str) -> list[Any]:
    """What a value has in the places of a structure's leaves. Raises `InvalidType` or `InvalidValue` where it differs.

    >>> matching_leaves([1, {"b": 2, "a": 3}], [[10, 20], {"a": 30, "b": 40}], "inputs")
    [[10, 20], 30, 40]
    """
    if isinstance(structure, Mapping):
        if not isinstance(value, Mapping) or set(value) != set(structure):
            raise InvalidValue(f"expected a dict of {', '.join(map(str, sorted(structure)))} as {place}; got {value!r}")
        return [leaf for key in sorted(structure) for leaf in matching_leaves(structure[key], value[key], place)]
    if not isinstance(structure, list | tuple):
        return [value]
    if isinstance(value, Mapping):
        raise InvalidType(f"expected a list as {place}, in the function's order; got a dict")
    parts = list(value) if isinstance(value, list | tuple) else [value]
    if len(parts) != len(structure):
        raise InvalidValue(f"expected {len(structure)} {place}; got {len(parts)}")
    pairs = zip(structure, parts, strict=True)
    return [leaf for part, given in pairs for leaf in matching_leaves(part, given, place)]


def like(structure: Any, new_leaves: Iterable[Any]) -> Any:
    """A structure with new leaves in the place of its own.

    >>> like([1, (2, {"b": 4, "a": 3})], "wxyz")
    ['w', ('x', {'a': 'y', 'b': 'z'})]
    """
    return _filled(structure, iter(new_leaves))


def nesting(structure: Any) -> Any:
    """A structure with nothing in the place of its leaves."""
    return like(structure, repeat(None))


def _filled(structure: Any, new_leaves: Iterator[Any]) -> Any:
    if isinstance(structure, Mapping):
        return {key: _filled(structure[key], new_leaves) for key in sorted(structure)}
    if isinstance(structure, list | tuple):
        parts = [_filled(part, new_leaves) for part in structure]
        if isinstance(structure, tuple):
            return type(structure)(*parts) if hasattr(structure, "_fields") else tuple(parts)
        return parts
    return next(new_leaves)
