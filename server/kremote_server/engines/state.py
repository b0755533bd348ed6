"""What an engine keeps for a session: seeds, printed lines, interruptions; set while its instructions run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from . import interruption, printing, seeds


class SessionState(AbstractContextManager[None]):
    """A session's seeds and printed lines."""

    def __init__(self, counter: seeds.SeedCounter | None = None) -> None:
        self.lines = printing.Lines()
        self.seeds = counter or seeds.SeedCounter()
        self.interruption = interruption.Interruption()
        self._active: AbstractContextManager[None] | None = None

    def __enter__(self) -> None:
        self._active = self._set()
        self._active.__enter__()

    def __exit__(self, *exception: Any) -> None:
        assert self._active is not None
        self._active.__exit__(*exception)

    @contextmanager
    def _set(self) -> Iterator[None]:
        interrupted = interruption.current.set(self.interruption)
        lines, counter = printing.sink.set(self.lines), seeds.counter.set(self.seeds)
        try:
            yield
        finally:
            printing.sink.reset(lines)
            seeds.counter.reset(counter)
            interruption.current.reset(interrupted)
