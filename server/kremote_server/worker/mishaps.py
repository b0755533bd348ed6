"""What goes wrong in a request by chance: noted, so that where the request is done again it goes wrong again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kremote_proto.errors import Interrupted, KremoteError, OutOfMemory, QuotaExceeded, TimeExceeded, error_from_wire

#: What comes by chance, or by what others hold; the latter two end all of a request.
_BY_CHANCE = (OutOfMemory, QuotaExceeded, Interrupted, TimeExceeded)
_ENDING = (Interrupted, TimeExceeded)

#: An instruction's position among those that were run, and its error.
Mishap = tuple[int, dict[str, Any]]


class Mishaps:
    """The mishaps of the request at hand: instructions that were interrupted, took too long, or found no memory."""

    def __init__(self) -> None:
        self.found: list[Mishap] = []
        self._again: dict[int, dict[str, Any]] = {}
        self._position = -1
        #: Set by an interruption: nothing that comes after it in the request is run.
        self._rest: dict[str, Any] | None = None

    def begin(self, again: Iterable[Mishap] = ()) -> None:
        """Begin a request; `again` is what went wrong in it the first time."""
        self.found, self._position, self._rest = [], -1, None
        self._again = dict(again)

    @property
    def expected(self) -> bool:
        """Whether something is to go wrong again."""
        return bool(self._again)

    def step(self) -> None:
        """Say that the next instruction begins; raises what went wrong in it the first time."""
        self._position += 1
        if self._again:
            wire = self._rest or self._again.get(self._position)
            if wire is not None:
                raise error_from_wire(wire)

    def note(self, error: KremoteError) -> None:
        """Note the error of the instruction at hand, where it came by chance."""
        if not isinstance(error, _BY_CHANCE) or self._rest is not None:
            return
        wire = {name: said for name, said in error.to_wire().items() if name in ("code", "message", "hint", "op")}
        if isinstance(error, _ENDING):
            self._rest = wire
        self.found.append((self._position, wire))
