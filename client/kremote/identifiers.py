"""The ids a client gives its values, and the numbers it gives its requests."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterator

from kremote_proto.messages import HIGHEST_ID

#: Ids of one block. A client draws its blocks at random, so two clients of a session do not meet.
BLOCK = 1 << 24


def identifiers() -> Iterator[int]:
    """Ids without end, a block at a time; the lowest block is the server's."""
    while True:
        start = BLOCK * (1 + secrets.randbelow(HIGHEST_ID // BLOCK - 1))
        yield from range(start, start + BLOCK)


def sequences() -> Iterator[str]:
    """Values for the header by which the server knows a request it has seen."""
    nonce = secrets.token_hex(8)
    return (f"{nonce}-{n}" for n in itertools.count(1))
