"""Ctrl-C while a session waits for its server: the work there ends, too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from kremote_proto.errors import KremoteError

if TYPE_CHECKING:
    from .session import Session


@contextmanager
def interruptible(session: Session) -> Iterator[None]:
    """Have the server stop what it does for a session where the wait for it is interrupted.

    What was sent and not answered is asked for again by the next call, under its sequence: what was done, and what was
    not, is known then. A second Ctrl-C gives up telling the server.
    """
    try:
        yield
    except KeyboardInterrupt:
        with suppress(KremoteError):
            session.interrupt()
        raise
