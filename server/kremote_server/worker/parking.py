"""Parking: idle sessions leave memory, so that there is room for others. On disk they are whole, and come back."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from .session import Session

if TYPE_CHECKING:
    from .requests import Worker

#: Who asked for nothing for so long is idle.
_IDLE_SECONDS = 1.0


def park(worker: Worker, session: Session, *, wait: bool = True) -> bool:
    """Let go of a session when a snapshot has all of it; the next request restores it. False where that cannot be."""
    if session.keeper is None or not session.lock.acquire(blocking=wait):
        return False
    try:
        if session.over or not session.keeper.rest(session):
            return False
        session.over = True
        worker.sessions.pop(session.id, None)
        session.keeper.close()
        session.keeper.counts.parked += 1
        return True
    finally:
        session.lock.release()


def make_room(worker: Worker, asking: str, needed: int | None) -> bool:
    """Park idle sessions, those used longest ago first, until so many bytes fit (None: all); whether one was parked."""
    before, parked = time.monotonic() - _IDLE_SECONDS, False
    idle = [one for one in list(worker.sessions.values()) if one.id != asking and one.used < before]
    idle.sort(key=lambda one: one.used, reverse=True)
    while idle and not (parked and needed is not None and worker.accounts.worker.fits(needed)):
        # Popped, so that nothing here keeps the values of one that was parked.
        parked = _parked_if_large(worker, idle.pop()) or parked
    return parked


def _parked_if_large(worker: Worker, session: Session) -> bool:
    return bool(session.account.bytes) and park(worker, session, wait=False)
