"""Keeps a session on disk: what changes it is appended to its journal before anybody is answered, and at times the
session is written as a whole, in the background, so that the journal behind it is short.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import xxhash

from ..link_messages import Reply, Request
from .journal import Durability, Journal
from .session_folder import Hold, SessionFolder
from .snapshot import Snapshot, SnapshotReader

if TYPE_CHECKING:
    from .session import Session

log = logging.getLogger(__name__)

#: A snapshot is worth so much of the time it takes, and is waited for so long where a session ends.
_PATIENCE, _LONGEST_WAIT = 10, 10.0
#: What a record has of a request's head.
_KEPT = ("route", "method", "path", "query", "content_type", "accept", "sequence")


@dataclass
class StateCounts:
    """What was written and read of all sessions, for the metrics."""

    records: int = 0
    bytes: int = 0
    failures: int = 0
    restored: int = 0
    parked: int = 0
    replayed: int = 0
    #: Records that were answered otherwise when they were done again.
    differences: int = 0
    snapshots: int = 0
    #: Snapshots that could not be made, and that were not whole when they were read.
    snapshots_failed: int = 0
    snapshots_damaged: int = 0


@dataclass(frozen=True)
class StateSettings:
    """Where sessions are kept, and how."""

    directory: str
    durability: Durability = "process"
    #: A snapshot is made when the journal since the last one is so long, or took so long to compute.
    snapshot_bytes: int = 256 << 20
    snapshot_seconds: float = 30.0


@dataclass
class Keeper:
    """One session's journal, and its snapshots."""

    folder: SessionFolder
    hold: Hold
    journal: Journal
    settings: StateSettings
    counts: StateCounts
    generation: int = 0
    #: How long the requests took that a restoration would do again.
    seconds: float = 0.0
    #: How long the journal may become, and how long its requests may take: more where a snapshot is large, or failed.
    most_bytes: float = field(init=False)
    most_seconds: float = field(init=False)
    _writing: threading.Thread | None = None

    def __post_init__(self) -> None:
        self.most_bytes, self.most_seconds = self.settings.snapshot_bytes, self.settings.snapshot_seconds

    def prepare(self, request: Request) -> None:
        """Take room for a request that is about to change the session; raises `StorageFailed`."""
        self.journal.prepare(request.body.nbytes)

    def keep(self, session: Session, request: Request, reply: Reply, seconds: float) -> None:
        """Write a request down; raises `OSError` where it could not be."""
        self.journal.append(record_head(session, request, reply), request.body)
        self.seconds += seconds
        self.counts.records += 1
        self.counts.bytes += request.body.nbytes

    def snapshot_if_due(self, session: Session) -> None:
        """Begin a snapshot where the journal became long; the session's lock is held."""
        if self.journal.bytes >= self.most_bytes or self.seconds >= self.most_seconds:
            self.snapshot(session)

    def snapshot(self, session: Session) -> None:
        """Begin a snapshot of the session as it is now, and a journal behind it. It is written in the background."""
        if self._writing is not None and self._writing.is_alive():
            return
        generation, began = self.generation + 1, time.perf_counter()
        try:
            snapshot = Snapshot.of(session, self.journal.number)
            path = self.folder.journal(generation)
            journal = Journal.create(path, self.settings.durability, self.journal.number)
        except Exception as error:  # of any kind: the request at hand was done, and is written down
            log.warning("no snapshot of session %s, whose journal goes on: %s", session.id[:6], error)
            self._not_soon()
            return
        old, self.journal, self.generation, self.seconds = self.journal, journal, generation, 0.0
        arguments = (snapshot, generation, old, began)
        self._writing = threading.Thread(target=self._write, args=arguments, name="snapshot", daemon=True)
        self._writing.start()

    def rest(self, session: Session) -> bool:
        """Have a snapshot of the session as it is now, and wait for it; whether there is one. The lock is held."""
        self.wait()
        if self.journal.bytes or not self.folder.index(self.generation).exists():
            self.snapshot(session)
            self.wait()
        return not self.journal.bytes and self.folder.index(self.generation).exists()

    def wait(self, seconds: float | None = None) -> None:
        """Wait until no snapshot is being written."""
        if self._writing is not None:
            self._writing.join(seconds)

    def close(self) -> None:
        """Write no more."""
        self.wait(_LONGEST_WAIT)
        self.journal.close()
        self.hold.release()

    def _write(self, snapshot: Snapshot, generation: int, old: Journal, began: float) -> None:
        """Write a snapshot, read it again, and drop what is older than the one before it."""
        tensors, index = self.folder.tensors(generation), self.folder.index(generation)
        try:
            old.finish()
            size = snapshot.write(tensors, index)
            SnapshotReader(tensors, index)
        except Exception as error:  # of any kind: the journals are all there
            log.warning("a snapshot of session %s failed, whose journal goes on: %s", self.folder.path.name[:6], error)
            index.unlink(missing_ok=True)
            self._not_soon()
            return
        self.folder.drop_before(generation - 1)
        self.most_bytes = max(self.settings.snapshot_bytes, size)
        self.most_seconds = max(self.settings.snapshot_seconds, _PATIENCE * (time.perf_counter() - began))
        self.counts.snapshots += 1

    def _not_soon(self) -> None:
        self.counts.snapshots_failed += 1
        self.most_bytes, self.most_seconds = 2 * self.most_bytes, 2 * self.most_seconds


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
