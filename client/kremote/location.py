"""Where in a person's program a call was made."""

from __future__ import annotations

import sys
from types import FrameType

#: Whose lines are not what a message should point to: Keras calls K for a line of the program.
_OWN_PACKAGES = ("kremote", "kremote_proto", "keras", "contextlib", "threading")


def calling_location() -> str | None:
    """file:line of the nearest caller outside kremote and Keras; None in a thread of kremote's own."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_globals.get("__name__", "").partition(".")[0] not in _OWN_PACKAGES:
            return f"{frame.f_code.co_filename}:{frame.f_lineno}"
        frame = frame.f_back
    return None
