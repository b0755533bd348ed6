"""Parameters that the references name differently: a function takes them by either name."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from kremote_proto.errors import InvalidType

R = TypeVar("R")


def also_named(**names: str) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """A decorator: a parameter is taken by another name, too, as `other="own"` says.

    >>> @also_named(value="e")
    ... def doubled(e):
    ...     return 2 * e
    >>> doubled(value=1), doubled(e=1), doubled(1)
    (2, 2, 2)
    """

    def decorate(function: Callable[..., R]) -> Callable[..., R]:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> R:
            for other in names.keys() & kwargs.keys():
                own = names[other]
                if own in kwargs:
                    raise InvalidType(f"expected {own} or {other}, which is the same; got both", op=function.__name__)
                kwargs[own] = kwargs.pop(other)
            return function(*args, **kwargs)

        call.also_named = names  # type: ignore[attr-defined]
        return call

    return decorate
