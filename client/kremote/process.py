"""What becomes of sessions when their process forks, and when it ends."""

from __future__ import annotations

import atexit
import os
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .session import Session

_live: weakref.WeakSet[Session] = weakref.WeakSet()
_leaving = False


def follow(session: Session) -> None:
    """Tell a session when the process forks or ends."""
    _live.add(session)
    # Registered anew, it runs before the end of a local server that was started before this session.
    atexit.unregister(_end)
    atexit.register(_end)


def leave_at_end() -> None:
    """Have this process leave the sessions it made when it ends: for a program that gives nothing a name."""
    global _leaving
    _leaving = True


def _end() -> None:
    for session in list(_live):
        session.end_of_process(leave=_leaving)


def _for_each_live(action: str) -> None:
    for session in list(_live):
        getattr(session, action)()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=lambda: _for_each_live("before_fork"),
        after_in_parent=lambda: _for_each_live("after_fork_in_parent"),
        after_in_child=lambda: _for_each_live("after_fork_in_child"),
    )
