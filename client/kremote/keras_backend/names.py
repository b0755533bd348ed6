"""Names as Keras' own backend gives them: unique within the graph, with the scope they were made in before them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ..name_scopes import current_scope, scope_of

#: How often a name was asked for, in lower case.
_taken: dict[str, int] = {}
_lock = threading.Lock()


def unique_name(name: str) -> str:
    """The name within the current scope, with a number where it is taken.

    >>> with name_scope("dense_1"):
    ...     unique_name("kernel"), unique_name("kernel")
    ('dense_1/kernel', 'dense_1/kernel_1')
    """
    wanted = f"{current_scope()}{name}"
    with _lock:
        number = _taken.get(wanted.lower(), 0)
        _taken[wanted.lower()] = number + 1
        if not number:
            return wanted
        while f"{wanted}_{number}".lower() in _taken:
            number += 1
        _taken[f"{wanted}_{number}".lower()] = 1
        return f"{wanted}_{number}"


@contextmanager
def name_scope(name: str | None, default_name: str | None = None, values: object = None) -> Iterator[str]:
    """Put a scope before the names of variables and placeholders made inside.

    Args:
        name: the scope's name; one that was used gets a number, one that ends with "/" is entered again as it is, ""
            is that of no scope.
        default_name: what stands for a name of None.
        values: taken for TensorFlow's sake.

    Example:
        >>> with K.name_scope("training"):
        ...     K.variable(0.0, name="rate").name
        'training/rate:0'
    """
    name = default_name if name is None else name
    scope = name if not name or name.endswith("/") else unique_name(name) + "/"
    with scope_of(scope or "") as entered:
        yield entered


def reset_names() -> None:
    """Let every name be free again."""
    with _lock:
        _taken.clear()
