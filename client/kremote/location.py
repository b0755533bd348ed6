"""Where in a person's program a call was made: noted at each call, and put into words only for an error."""

from __future__ import annotations

import sys
from types import CodeType

#: A function's code, and how far it was.
Location = tuple[CodeType, int]

#: Whose lines are not what a message should point to: Keras calls K for a line of the program.
_OWN_PACKAGES = ("kremote", "kremote_proto", "keras", "contextlib", "threading")


class _Own(dict[str, bool]):
    """By a module's name, whether its lines are none of the program's."""

    def __missing__(self, module: str) -> bool:
        own = self[module] = module.partition(".")[0] in _OWN_PACKAGES
        return own


_own = _Own()


def caller_location(depth: int = 1) -> Location | None:
    """The nearest caller outside kremote and Keras, from `depth` callers up; None in a thread of kremote's own."""
    frame = sys._getframe(depth)
    while _own[frame.f_globals.get("__name__", "")]:
        outer = frame.f_back
        if outer is None:
            return None
        frame = outer
    return frame.f_code, frame.f_lasti


def shown(location: Location | None) -> str | None:
    """file:line of a location."""
    if location is None:
        return None
    code, at = location
    lines = (line for start, end, line in code.co_lines() if start <= at < end and line is not None)
    return f"{code.co_filename}:{next(lines, code.co_firstlineno)}"


def calling_location() -> str | None:
    """file:line of the nearest caller outside kremote and Keras; None in a thread of kremote's own."""
    return shown(caller_location(1))
