"""Graph mode: inside it every result is a symbol. `K.symbolic` enters it, `K.eager` leaves it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import ParamSpec, TypeVar

from .situation import current_situation, situation

P = ParamSpec("P")
R = TypeVar("R")


def in_graph_mode() -> bool:
    """Whether graph mode is on here: in this thread, or this task."""
    return current_situation.get().graph_mode


def graph_mode(on: bool = True) -> AbstractContextManager[None]:
    """Turn graph mode on or off for a while."""
    return situation(graph_mode=on)


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
