"""Keeps a session on disk: what changes it is appended to its journal before anybody is answered."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import xxhash

from ..link_messages import Reply, Request
from .journal import Journal
from .session_folder import SessionFolder

if TYPE_CHECKING:
    from .session import Session

log = logging.getLogger(__name__)

#: What a record has of a request's head.
_KEPT = ("route", "method", "path", "query", "content_type", "accept", "sequence")


@dataclass
class StateCounts:
    """What was written and read of all sessions, for the metrics."""

    records: int = 0
    bytes: int = 0
    failures: int = 0
    restored: int = 0
    replayed: int = 0
    #: Records that were answered otherwise when they were done again.
    differences: int = 0


@dataclass
class Keeper:
    """One session's journal."""

    folder: SessionFolder
    journal: Journal
    counts: StateCounts
    generation: int = 0
    #: How long the requests took that a restoration would do again.
    seconds: float = field(default=0.0)

    def prepare(self, request: Request) -> None:
        """Take room for a request that is about to change the session; raises `StorageFailed`."""
        self.journal.prepare(request.body.nbytes)

    def keep(self, session: Session, request: Request, reply: Reply, seconds: float) -> None:
        """Write a request down; raises `OSError` where it could not be."""
        self.journal.append(record_head(session, request, reply), request.body)
        self.seconds += seconds
        self.counts.records += 1
        self.counts.bytes += request.body.nbytes

    def close(self) -> None:
        """Write no more."""
        self.journal.close()


def record_head(session: Session, request: Request, reply: Reply) -> dict[str, Any]:
    """What is written down of a request beside its body."""
    head = {name: value for name in _KEPT if (value := request.head.get(name))}
    head |= {"status": reply.status, "reply": reply_digest(reply), "time": time.time()}
    if session.mishaps.found:
        head |= {"mishaps": session.mishaps.found, "drawn": session.state.seeds.drawn}
    return head


def reply_digest(reply: Reply) -> int:
    """What tells two replies apart."""
    return xxhash.xxh3_64_intdigest(reply.body) if isinstance(reply.body, bytes) else 0
