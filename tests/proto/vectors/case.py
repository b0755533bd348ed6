"""What a vector is declared as: requests of one session."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

MSGPACK, JSON = "application/msgpack", "application/json"
OCTETS, NPY = "application/octet-stream", "application/x-npy"

#: The first id a client may choose.
FIRST = 1 << 24
SESSION = "/v1/sessions/{session}"


@dataclass(frozen=True)
class Exchange:
    """One request. `varies` names entries of its reply that no two servers need to agree about."""

    method: str
    path: str
    body: Any = None
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    about: str = ""
    varies: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """Requests of one session, in order. `python` is what makes kremote's own client send exactly these."""

    name: str
    about: str
    exchanges: tuple[Exchange, ...]
    python: str = ""
    tolerance: float = 0.0


def ref(n: int, item: int | None = None) -> dict[str, int]:
    """A reference to the n-th value of a case, or an item of it."""
    return {"ref": FIRST + n} if item is None else {"ref": FIRST + n, "item": item}


def do(n: int, op: str, /, *, symbolic: bool = False, **args: Any) -> dict[str, Any]:
    """An instruction that makes the n-th value."""
    instruction = {"id": FIRST + n, "op": op, "args": args}
    return {**instruction, "symbolic": True} if symbolic else instruction


def run(
    *instructions: Any, fetch: tuple[Any, ...] = (), free: tuple[int, ...] = (), about: str = "", **more: Any
) -> Exchange:
    """A program."""
    program = {"instructions": [*instructions], "fetch": [*fetch], "free": [FIRST + n for n in free], **more}
    return Exchange("POST", f"{SESSION}/run", program, about=about)


def op(name: str, n: int | None = None, /, *, fetch: bool = False, about: str = "", **args: Any) -> Exchange:
    """One op, whose result is the n-th value (None: the server picks an id)."""
    query = ({} if n is None else {"id": str(FIRST + n)}) | ({"fetch": "true"} if fetch else {})
    return Exchange("POST", f"{SESSION}/ops/{name}", args, query, about=about)


WEIGHTS = [[1, 2, 3], [4, 5, 6]]
