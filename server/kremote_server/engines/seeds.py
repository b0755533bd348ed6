"""Seeds: a session's stream of them, and the sequences that begin with a seed of the user's."""

from __future__ import annotations

import secrets
from collections.abc import MutableMapping
from contextvars import ContextVar
from typing import Any
from weakref import WeakKeyDictionary


class SeedCounter:
    """A stream of seeds: the same stream number gives the same seeds in the same order."""

    def __init__(self, stream: int | None = None, drawn: int = 0) -> None:
        self.stream = secrets.randbits(62) if stream is None else stream
        self._drawn: Any = drawn
        self._sequences: MutableMapping[object, SeedCounter] = WeakKeyDictionary()

    @property
    def drawn(self) -> int:
        """How many seeds were drawn."""
        return int(self._drawn)

    def begin(self, stream: int) -> None:
        """Be another stream, of which nothing was drawn; nothing was drawn of this one either."""
        self.stream = stream

    def count_from(self, drawn: int) -> None:
        """Go on as if so many seeds had been drawn."""
        self._drawn = drawn

    def next(self) -> Any:
        """The next seed: the stream, and how many were drawn."""
        self._drawn += 1
        return self.stream, self._drawn

    def sequence_of(self, node: object) -> SeedCounter | None:
        """The sequence that a recorded op goes on with, None where it began none."""
        return self._sequences.get(node)

    def begin_for(self, node: object, stream: int, drawn: int) -> None:
        """Have a recorded op go on with a sequence."""
        self._sequences[node] = type(self)(stream, drawn)

    def sequence(self, seed: int) -> SeedCounter:
        """What a seed of the user's begins: a recorded op goes on with it at each run, any other call begins anew."""
        node, stream = recorded.get(), seed % 2**63
        if node is None:
            return SeedCounter(stream)
        if node not in self._sequences:
            self._sequences[node] = type(self)(stream)
        return self._sequences[node]


#: The stream of the session whose instructions run.
counter: ContextVar[SeedCounter] = ContextVar("counter", default=SeedCounter())  # noqa: B039  one for outside sessions
#: The node of the recorded op that runs, None for an op that runs at once.
recorded: ContextVar[object | None] = ContextVar("recorded", default=None)


def next_seed(seed: int | None = None) -> Any:
    """The next seed of the session's stream, or of the sequence that a seed begins."""
    session = counter.get()
    return (session if seed is None else session.sequence(seed)).next()
