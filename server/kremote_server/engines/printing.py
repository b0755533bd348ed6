"""`print_tensor`: lines for the person at the client, not for the server's console."""

from __future__ import annotations

from contextvars import ContextVar

import numpy as np

from kremote_proto.tensors import Array

#: How many elements are shown at each end of an axis where nobody says.
FEW_ELEMENTS = 3
#: How many elements one line shows, and how many characters wait for the next reply.
MOST_ELEMENTS = 10_000
MOST_CHARACTERS = 8 << 20
#: How much of one text is shown.
MOST_TEXT = 1000


class Lines:
    """What a session printed since it was last asked."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._left = MOST_CHARACTERS

    def add(self, line: str) -> None:
        """Keep a line, where there is room."""
        if self._left > 0:
            self._left -= len(line)
            self._lines.append(line if self._left > 0 else "... and more than one reply can hold")

    def take(self) -> list[str]:
        """The lines, which are forgotten."""
        taken, self._lines, self._left = self._lines, [], MOST_CHARACTERS
        return taken


#: Where the running session's lines go.
sink: ContextVar[Lines] = ContextVar("sink")


def line_of(value: Array | bytes, message: str, summarize: int | None) -> str:
    """The line that shows a value; one text may come as it is."""
    value = np.asarray(value, object) if isinstance(value, bytes) else value
    if value.dtype == object:
        value = np.asarray(np.frompyfunc(_shortened, 1, 1)(value), object)
    edges = max(_edges(value, FEW_ELEMENTS if summarize is None else summarize), 1)
    shown = np.array2string(value, threshold=2 * edges, edgeitems=edges)
    between = "" if not message or message[-1].isspace() else " "
    return f"{message}{between}{shown}"


def _shortened(text: bytes) -> bytes:
    return text if len(text) <= MOST_TEXT else text[:MOST_TEXT] + b"..."


def _edges(value: Array, summarize: int) -> int:
    """How many elements to show at each end of an axis: as many as were asked for, within the bound."""
    wanted: int = value.size if summarize < 0 else min(summarize, value.size)
    return wanted if value.size <= MOST_ELEMENTS else min(wanted, int(MOST_ELEMENTS ** (1 / value.ndim)) // 2)
