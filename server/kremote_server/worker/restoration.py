"""A session made again from its folder: its last snapshot, and each request since then done again."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from kremote_proto.errors import KremoteError, SessionLost, error_from_wire

from ..aligned_memory import aligned_bytes
from ..link_messages import Request
from .journal import Damaged, JournalReader
from .keeper import Keeper, StateCounts, StateSettings, reply_digest
from .record import Record
from .session_folder import Hold, Progress, SessionFolder
from .snapshot import SnapshotReader

if TYPE_CHECKING:
    from .requests import Worker
    from .session import Session

log = logging.getLogger(__name__)

#: After how many ends of the worker in the same record it is not tried again.
_MOST_DEATHS = 10

BEGIN = "begin"


class Restoration:
    """One session's restoration by a worker."""

    def __init__(
        self, worker: Worker, owner: str, folder: SessionFolder, settings: StateSettings, counts: StateCounts
    ) -> None:
        self._worker = worker
        self._owner = owner
        self._folder = folder
        self._settings = settings
        self._counts = counts
        self._hold = Hold(folder)
        self._kept = False
        self._progress = Progress(folder)
        self._reader: JournalReader
        self._next = 0

    def session(self) -> Session:
        """The session as it was after the last request that was written down; raises `SessionLost`."""
        try:
            session = self._restored()
            self._progress.done()
            self._kept = True
        except Exception as error:
            self._progress.done()
            if not isinstance(error, Damaged):
                raise
            raise SessionLost(
                f"session {self._folder.path.name[:6]} cannot be restored: {error}",
                hint=f"its files are kept for the server's owner, in {self._folder.path.name[:6]}... of the state "
                "directory; to go on, make a new session and run your code again from its start",
            ) from error
        finally:
            self._progress.close()
            if not self._kept:
                self._hold.release()
        self._counts.restored += 1
        log.info("session %s restored: %d requests done again", session.id[:6], self._counts.replayed)
        return session

    def _restored(self) -> Session:
        generations = self._folder.journals()
        session, first = self._begun()
        began = time.perf_counter()
        for generation in generations:
            if generation >= first:
                self._reader = JournalReader(self._folder.journal(generation))
                self._do_all_again(session, self._reader)
        journal = self._reader.continued(self._settings.durability, self._next)
        session.keeper = Keeper(self._folder, self._hold, journal, self._settings, self._counts, generations[-1])
        session.keeper.seconds = time.perf_counter() - began
        session.bounded = True
        return session

    def _begun(self) -> tuple[Session, int]:
        """The session as the newest whole snapshot has it, and the generation whose journal follows."""
        damages = []
        for generation in reversed(self._folder.snapshots()):
            session = self._empty()
            try:
                reader = SnapshotReader(self._folder.tensors(generation), self._folder.index(generation))
                reader.fill(session)
            except Damaged as damage:
                log.error("%s of session %s; an older one is taken", damage, self._folder.path.name[:6])
                damages.append(str(damage))
                self._counts.snapshots_damaged += 1
                continue
            session.hold_all()
            self._next = reader.index["number"]
            return session, generation
        if damages and 0 not in self._folder.journals():
            raise Damaged(f"no snapshot is whole ({'; '.join(damages)}), and no journal begins before them")
        return self._empty(), 0

    def _empty(self) -> Session:
        session = self._worker.new_session(self._folder.path.name, self._owner)
        session.bounded = False  # it had all of it before
        return session

    def _do_all_again(self, session: Session, reader: JournalReader) -> None:
        for record in reader.records(self._next):
            self._do_again(session, record)
            self._next = record.number + 1

    def _do_again(self, session: Session, record: Record) -> None:
        if record.head["route"] == BEGIN:
            self._check_engine(record.head)
            session.state.seeds.begin(record.head["stream"])
            return
        self._progress.at(record.number)
        if self._progress.deaths >= _MOST_DEATHS and record.number == self._progress.record:
            raise Damaged(f"{record.what} ended the worker {self._progress.deaths} times when it was done again")
        mishaps = [(position, wire) for position, wire in record.head.get("mishaps", ())]
        body = aligned_bytes(record.body.nbytes).data
        body[:] = record.body
        session.mishaps.begin(mishaps)
        request = Request(dict(record.head), body)
        reply = self._worker.perform(session, request)
        self._compare(session, record, reply.status, reply_digest(reply), mishaps)
        if "drawn" in record.head:
            session.state.seeds.count_from(record.head["drawn"])
        self._counts.replayed += 1

    def _check_engine(self, head: dict[str, Any]) -> None:
        if head["engine"] != self._worker.engine.name:
            raise Damaged(f"expected a session of the engine {self._worker.engine.name}; got one of {head['engine']}")

    def _compare(self, session: Session, record: Record, status: int, digest: int, mishaps: list[Any]) -> None:
        """Raise where a request went wrong by chance; count where it was answered otherwise."""
        if len(session.mishaps.found) > len(mishaps):
            raise self._again_later(session.mishaps.found[-1][1], record)
        if status != record.head["status"] or digest != record.head["reply"]:
            self._counts.differences += 1
            log.warning("%s of session %s was answered otherwise than before", record.what, session.id[:6])

    @staticmethod
    def _again_later(wire: dict[str, Any], record: Record) -> KremoteError:
        error = error_from_wire(wire)
        error.message = f"the session could not be restored now, at {record.what}: {error.message}"
        return error
