"""The registry: which sessions there are on disk, whose they are and where they live."""

from __future__ import annotations

import dataclasses
import fcntl
import json
import os
import shutil
import sqlite3
import threading
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from .settings import BadSetting
from .tokens import new_token

_SCHEMA = """
CREATE TABLE IF NOT EXISTS sessions (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, client TEXT NOT NULL, protocol INTEGER NOT NULL,
    engine TEXT NOT NULL, worker INTEGER NOT NULL, created REAL NOT NULL, last_used REAL NOT NULL
) STRICT
"""
_SHARES = """
CREATE TABLE IF NOT EXISTS shares (
    owner TEXT NOT NULL, name TEXT NOT NULL, session TEXT NOT NULL, variable TEXT NOT NULL, users TEXT NOT NULL,
    PRIMARY KEY (owner, name)
) STRICT
"""
#: What was added to the table since it was first made, in this order.
_ADDED = {"name": "TEXT", "holding": "TEXT"}


@dataclass(frozen=True)
class Entry:
    """A session as the registry has it."""

    id: str
    owner: str
    client: str
    protocol: int
    engine: str
    worker: int
    created: float
    last_used: float
    #: What its owner calls it.
    name: str | None = None
    #: What it held when that was last told, as JSON.
    holding: str | None = None


class Registry:
    """The sessions of one state directory, which no other server uses at the same time."""

    def __init__(self, directory: Path) -> None:
        """Take the directory; raises `BadSetting` where it cannot be used."""
        self._sessions = directory / "sessions"
        self._lock = threading.Lock()
        try:
            self._sessions.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._taken = _take(directory)
            path = directory / "registry.sqlite"
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", _SCHEMA, _SHARES):
                self._database.execute(statement)
            self._complete()
        except OSError as error:
            raise BadSetting(f"expected a folder to write to as state_dir; {directory}: {error.strerror}") from error
        except sqlite3.Error as error:
            raise BadSetting(
                f"expected the registry of a state directory in {path}; {error}. Sessions are in {self._sessions}; "
                "restore the file from a copy, or move it away to begin without them"
            ) from error

    def close(self) -> None:
        """Let another server have the directory."""
        self._database.close()
        os.close(self._taken)

    def entries(self) -> list[Entry]:
        """All sessions that have files, the oldest first; what was begun and never made is forgotten."""
        with self._lock, closing(self._database.execute("SELECT * FROM sessions ORDER BY created")) as rows:
            entries = [Entry(*row) for row in rows]
        there = [entry for entry in entries if self.folder(entry.id).is_dir()]
        for entry in set(entries).difference(there):
            self.remove(entry.id)
        return there

    def add(self, entry: Entry) -> None:
        """Write a session down; raises `sqlite3.Error`."""
        values = dataclasses.astuple(entry)
        with self._lock:
            self._database.execute(f"INSERT INTO sessions VALUES ({', '.join('?' * len(values))})", values)

    def remove(self, identifier: str) -> None:
        """Forget a session and its files."""
        with self._lock:
            self._database.execute("DELETE FROM sessions WHERE id = ?", (identifier,))
        shutil.rmtree(self.folder(identifier), ignore_errors=True)

    def used(self, moments: Iterable[tuple[str, float]]) -> None:
        """Write down when sessions were last used (seconds since 1970)."""
        with self._lock, self._database:
            self._database.execute("BEGIN")
            self._database.executemany(
                "UPDATE sessions SET last_used = ? WHERE id = ?", [(at, identifier) for identifier, at in moments]
            )

    def held(self, holdings: Iterable[tuple[str, str]]) -> None:
        """Write down what sessions hold."""
        with self._lock, self._database:
            self._database.execute("BEGIN")
            self._database.executemany(
                "UPDATE sessions SET holding = ? WHERE id = ?", [(text, identifier) for identifier, text in holdings]
            )

    def shares(self) -> list[tuple[str, str, str, str, list[str]]]:
        """What is shared: owner, name, session, variable and users."""
        with self._lock, closing(self._database.execute("SELECT * FROM shares")) as rows:
            return [(*shared, json.loads(users)) for *shared, users in rows]

    def share(self, owner: str, name: str, session: str, variable: str, users: Iterable[str]) -> None:
        """Write down what is shared."""
        values = (owner, name, session, variable, json.dumps(list(users)))
        with self._lock:
            self._database.execute("INSERT OR REPLACE INTO shares VALUES (?, ?, ?, ?, ?)", values)

    def unshare(self, owner: str, name: str) -> None:
        """Forget what is shared no more."""
        with self._lock:
            self._database.execute("DELETE FROM shares WHERE owner = ? AND name = ?", (owner, name))

    def _complete(self) -> None:
        """Give a table that was made by an earlier version the columns that came since."""
        with closing(self._database.execute("PRAGMA table_info(sessions)")) as rows:
            there = {row[1] for row in rows}
        for column, kind in _ADDED.items():
            if column not in there:
                self._database.execute(f"ALTER TABLE sessions ADD COLUMN {column} {kind}")

    def folder(self, identifier: str) -> Path:
        """Where a session's files are."""
        return self._sessions / identifier


def _take(directory: Path) -> int:
    """Lock the directory; the lock ends with this process, however that ends."""
    descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise BadSetting(
            f"expected a state directory of this server's own; another server uses {directory}. "
            "Stop it, or give this one a folder of its own"
        ) from None
    return descriptor


def kept_token(directory: Path) -> str:
    """The token of a state directory, made at the first time: who has it comes in after a restart, too."""
    path = directory / "token"
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.exists():
            return path.read_text().strip()
        token = new_token()
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(token)
    except OSError as error:
        raise BadSetting(f"expected a folder to write to as state_dir; {path}: {error.strerror}") from error
    return token
