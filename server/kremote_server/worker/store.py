"""The state directory as a worker sees it: sessions that outlive it."""

from __future__ import annotations

import threading
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from kremote_proto.errors import KremoteError

from .journal import Journal, storage_failed, synchronise_folder
from .keeper import Keeper, StateCounts, StateSettings
from .restoration import BEGIN, Restoration
from .session_folder import Hold, SessionFolder

if TYPE_CHECKING:
    from .requests import Worker
    from .session import Session


class Store:
    """Sessions on disk: begun, restored, removed."""

    def __init__(self, settings: StateSettings) -> None:
        self.counts = StateCounts()
        self._settings = settings
        self._root = Path(settings.directory) / "sessions"
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def begin(self, session: Session) -> None:
        """Keep a new session from now on; raises `StorageFailed`."""
        folder = SessionFolder(self._root, session.id)
        try:
            folder.make()
            hold = Hold(folder)
            journal = Journal.create(folder.journal(0), self._settings.durability, 0)
            stream = session.state.seeds.stream
            journal.append({"route": BEGIN, "engine": session.engine.name, "stream": stream}, memoryview(b""))
            if self._settings.durability == "power":
                synchronise_folder(self._root)
        except OSError as error:
            folder.remove()
            raise storage_failed(error, "no session was made") from error
        session.keeper = Keeper(folder, hold, journal, self._settings, self.counts)

    def restored(self, identifier: str, owner: str, worker: Worker) -> Session | None:
        """A session from its files, once for all who ask at the same time; None where it has none."""
        with self._locks[identifier]:
            session = worker.sessions.get(identifier)
            if session is not None:
                return session
            folder = SessionFolder(self._root, identifier)
            if not folder.exists:
                return None
            try:
                session = Restoration(worker, owner, folder, self._settings, self.counts).session()
            except KremoteError:  # some are of Python's OSError, too
                raise
            except OSError as error:
                raise storage_failed(error, "the session cannot be restored now, and is kept as it is") from error
            worker.sessions[identifier] = session
            return session

    def remove(self, identifier: str, worker: Worker) -> None:
        """Forget a session's files; one that was being restored meanwhile is forgotten, too."""
        with self._locks[identifier]:
            restored = worker.sessions.pop(identifier, None)
            if restored is not None:
                restored.over = True
            SessionFolder(self._root, identifier).remove()
        self._locks.pop(identifier, None)
