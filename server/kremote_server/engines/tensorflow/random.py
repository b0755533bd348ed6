"""Seeds: where random ops without a seed of their own get one."""

from __future__ import annotations

import secrets
from contextvars import ContextVar


class SeedCounter:
    """A stream of seeds: the same stream number gives the same seeds in the same order."""

    def __init__(self, stream: int | None = None, drawn: int = 0) -> None:
        self.stream = secrets.randbits(62) if stream is None else stream
        self.drawn = drawn

    def next(self) -> tuple[int, int]:
        """The next seed."""
        self.drawn += 1
        return self.stream, self.drawn


#: The stream of the session whose instructions run.
counter: ContextVar[SeedCounter] = ContextVar("counter", default=SeedCounter())  # noqa: B039  one for outside sessions


def next_seed() -> tuple[int, int]:
    """The next seed of the session's stream."""
    return counter.get().next()


def seed_of(seed: int | None) -> tuple[int, int]:
    """The pair TensorFlow's stateless ops take for a seed argument of K."""
    return next_seed() if seed is None else (seed % 2**63, 0)
