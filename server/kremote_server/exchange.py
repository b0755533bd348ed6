"""One HTTP request as the gateway's layers know it together: who asks, about what, how much came and went."""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .token_line import Token

_KEY = "kremote.exchange"

#: Ids are a process's own beginning and a count: as unlikely to meet as random ones, and no system call each.
_PROCESS = secrets.token_hex(4)
_COUNT = itertools.count(1)


def _new_id() -> str:
    return f"{_PROCESS}{next(_COUNT):08x}"


@dataclass(slots=True)
class Exchange:
    """What is counted and logged of a request; never a token, a query string or a value."""

    #: The request's headers, names in lower case; of one that came twice, the first.
    headers: dict[str, str] = field(default_factory=dict)
    id: str = field(default_factory=_new_id)
    began: float = field(default_factory=time.perf_counter)
    #: How long it took, where somebody else measured it.
    seconds: float | None = None
    #: The address it came from.
    client: str = ""
    user: str | None = None
    #: What is known of the token it came with.
    token: Token | None = None
    #: The first letters of the session's id.
    session: str | None = None
    status: int | None = None
    #: The template of its address, where its endpoint says it.
    route: str | None = None
    bytes_in: int = 0
    bytes_out: int = 0


def begin(scope: Any) -> Exchange:
    """Put an exchange into an ASGI scope."""
    exchange = scope[_KEY] = Exchange(_decoded(scope["headers"]))
    if client := scope.get("client"):
        exchange.client = client[0]
    return exchange


def _decoded(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(list(headers))}


def exchange_of(scope: Mapping[str, Any]) -> Exchange:
    """The exchange of an ASGI scope."""
    exchange: Exchange = scope[_KEY]
    return exchange


def user_of(scope: Mapping[str, Any]) -> str:
    """The user the guard let in."""
    user = exchange_of(scope).user
    assert user is not None, "an address that needs a user must not be open"
    return user


def route_of(scope: Mapping[str, Any]) -> str:
    """The template of the matched address, "none" where none matched: raw paths are unbounded and may hold ids."""
    route = exchange_of(scope).route or getattr(scope.get("route"), "path_format", None)
    if route is None and scope["path"].startswith("/static/"):
        return "/static/{path}"
    return route or "none"
