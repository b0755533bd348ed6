"""Arguments with values nested in lists, maps and slices: replacing every leaf."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def map_leaves(function: Callable[[Any], Any], structure: Any) -> Any:
    """The structure with each leaf replaced by `function(leaf)`.

    >>> map_leaves(lambda leaf: leaf and leaf * 10, {"a": [1, (2, None)], "b": slice(None, 3)})
    {'a': [10, (20, None)], 'b': slice(None, 30, None)}
    """
    if type(structure) is list:
        return [map_leaves(function, item) for item in structure]
    if type(structure) is tuple:
        return tuple([map_leaves(function, item) for item in structure])
    if type(structure) is dict:
        return {key: map_leaves(function, item) for key, item in structure.items()}
    if type(structure) is slice:
        bounds = (structure.start, structure.stop, structure.step)
        return slice(*(map_leaves(function, bound) for bound in bounds))
    return function(structure)


def leaves(structure: Any) -> Iterator[Any]:
    """Every leaf, in order.

    >>> list(leaves({"a": [1, (2, None)], "b": 3}))
    [1, 2, None, 3]
    """
    if type(structure) in (list, tuple):
        for item in structure:
            yield from leaves(item)
    elif type(structure) is dict:
        for item in structure.values():
            yield from leaves(item)
    elif type(structure) is slice:
        yield from (structure.start, structure.stop, structure.step)
    else:
        yield structure


def flat_list(structure: Any) -> list[Any]:
    """The leaves of nested lists and maps as one list."""
    return list(leaves(structure))
