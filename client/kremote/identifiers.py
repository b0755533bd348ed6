"""The ids a client gives its values, and the numbers it gives its requests."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterator

from kremote_proto.messages import HIGHEST_ID

#: Ids of one block. A client draws its blocks at random, so two clients of a session do not meet.
BLOCK = 1 << 24
#: How many ids are left at least where a program begins.
_ROOM = 1 << 16


def block() -> int:
    """The first id of a block; the lowest block is the server's."""
    return BLOCK * (1 + secrets.randbelow(HIGHEST_ID // BLOCK - 1))


class Identifiers:
    """Ids without end, a block at a time."""

    def __init__(self) -> None:
        self._next = block()
        self._end = self._next + BLOCK

    def first(self) -> int:
        """The next id; those after it are free, too, more than a program takes."""
        if self._end - self._next < _ROOM:
            self.__init__()  # type: ignore[misc]
        return self._next

    def take(self, count: int = 1) -> int:
        """Take the next ids; the first of them."""
        taken = self.first()
        self._next = taken + count
        return taken


def sequences() -> Iterator[str]:
    """Values for the header by which the server knows a request it has seen."""
    nonce = secrets.token_hex(8)
    return (f"{nonce}-{n}" for n in itertools.count(1))
