"""K's functions for one session: what `session.K` is."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .current import inside

if TYPE_CHECKING:
    from .session import Session


class SessionBackend:
    """The names of `kremote.backend`, each run with one session as the current one."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __getattr__(self, name: str) -> Callable[..., Any]:
        from . import backend

        if name not in _names():
            raise AttributeError(f"kremote.backend has no {name!r}")
        function: Callable[..., Any] = getattr(backend, name)
        session = self._session

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            with inside(session):
                return function(*args, **kwargs)

        return call

    def __dir__(self) -> list[str]:
        return _names()

    def __repr__(self) -> str:
        return f"<K of {self._session!r}>"


def _names() -> list[str]:
    from .backend import __all__ as names

    return names
