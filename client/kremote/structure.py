"""Nested lists, tuples and maps: their leaves, and the same structure with other leaves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any


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


def like(structure: Any, new_leaves: Iterable[Any]) -> Any:
    """A structure with new leaves in the place of its own.

    >>> like([1, (2, {"b": 4, "a": 3})], "wxyz")
    ['w', ('x', {'a': 'y', 'b': 'z'})]
    """
    return _filled(structure, iter(new_leaves))


def _filled(structure: Any, new_leaves: Iterator[Any]) -> Any:
    if isinstance(structure, Mapping):
        return {key: _filled(structure[key], new_leaves) for key in sorted(structure)}
    if isinstance(structure, list | tuple):
        parts = [_filled(part, new_leaves) for part in structure]
        if isinstance(structure, tuple):
            return type(structure)(*parts) if hasattr(structure, "_fields") else tuple(parts)
        return parts
    return next(new_leaves)
