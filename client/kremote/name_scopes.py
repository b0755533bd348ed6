"""`K.name_scope`: a prefix of the names given inside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from kremote_proto.errors import InvalidType

_scope: ContextVar[str] = ContextVar("kremote_name_scope", default="")


def current_scope() -> str:
    """What stands before the names given here, "" for nothing."""
    return _scope.get()


@contextmanager
def name_scope(name: str | None, default_name: str | None = None, values: Any = None) -> Iterator[str]:
    """Put a scope before the names given inside. Scopes nest; what is given no name has none.

    Args:
        name: the scope's name. One that ends with "/" is the whole scope, whatever is around it; "" is that of none.
        default_name: what stands for a name of None.
        values: taken for TensorFlow's sake.

    Raises:
        TypeError: when the name is no text.

    Example:
        >>> with K.name_scope("model"), K.name_scope("dense") as scope:
        ...     kernel = K.zeros((2, 3), name="kernel")
        >>> kernel.name, scope
        ('model/dense/kernel', 'model/dense/')
    """
    wanted = default_name if name is None else name
    if wanted is not None and not isinstance(wanted, str):
        raise InvalidType(f"expected text as the name of a scope; got {wanted!r}", op="name_scope")
    with scope_of(_inside(wanted)) as scope:
        yield scope


def _inside(name: str | None) -> str:
    if not name:
        return ""
    return name if name.endswith("/") else f"{_scope.get()}{name}/"


@contextmanager
def scope_of(scope: str) -> Iterator[str]:
    """Give names inside a scope, whatever is around it."""
    token = _scope.set(scope)
    try:
        yield scope
    finally:
        _scope.reset(token)


def scoped(arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a call, with the scope before the name among them."""
    scope, name = _scope.get(), arguments.get("name")
    return arguments | {"name": scope + name} if scope and isinstance(name, str) else arguments
