"""Graph mode: inside it every result is a symbol. `K.symbolic` enters it, `K.eager` leaves it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

_graph_mode: ContextVar[bool] = ContextVar("kremote_graph_mode", default=False)


def in_graph_mode() -> bool:
    """Whether graph mode is on here: in this thread, or this task."""
    return _graph_mode.get()


@contextmanager
def graph_mode(on: bool = True) -> Iterator[None]:
    """Turn graph mode on or off for a while."""
    token = _graph_mode.set(on)
    try:
        yield
    finally:
        _graph_mode.reset(token)


def symbolic(func: Callable[P, R]) -> Callable[P, R]:
    """A decorator that runs a function in graph mode, where every result is a symbol.

    Args:
        func: the function.

    Returns:
        The decorated function.

    Example:
        >>> @K.symbolic
        ... def build():
        ...     return K.constant(1.0) + 1
        >>> build().symbolic
        True
    """

    @functools.wraps(func)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with graph_mode():
            return func(*args, **kwargs)

    return run


def eager(func: Callable[P, R]) -> Callable[P, R]:
    """A decorator that runs a function outside graph mode, where results are values at once.

    Args:
        func: the function.

    Returns:
        The decorated function.

    Example:
        >>> @K.symbolic
        ... def build():
        ...     return K.eager(K.constant)(1.0).symbolic
        >>> build()
        False
    """

    @functools.wraps(func)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with graph_mode(False):
            return func(*args, **kwargs)

    return run
