"""The folder of a session in the state directory: which files it has, by generation.

Generation 0 begins with an empty session, any other with the snapshot of its number; `journal-N` has what was asked
between snapshot N and the next one.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import struct
import time
from contextlib import suppress
from pathlib import Path

from kremote_proto.errors import Unavailable

_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
_JOURNAL = re.compile(r"journal-([0-9]+)")
_SNAPSHOT = re.compile(r"snapshot-([0-9]+)\.index")
#: How long the end of a worker is waited for.
_PATIENCE_SECONDS = 5.0
_PROGRESS = struct.Struct("<QQ")


class SessionFolder:
    """One session's files."""

    def __init__(self, root: Path, identifier: str) -> None:
        if not _NAME.fullmatch(identifier):
            raise ValueError("expected a session's id")
        self.path = root / identifier

    @property
    def exists(self) -> bool:
        """Whether the session is kept here."""
        return bool(self.journals())

    def make(self) -> None:
        """Make the folder, for its owner alone."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def remove(self) -> None:
        """Remove everything."""
        shutil.rmtree(self.path, ignore_errors=True)

    def journal(self, generation: int) -> Path:
        """The journal behind a snapshot."""
        return self.path / f"journal-{generation}"

    def index(self, generation: int) -> Path:
        """What a snapshot says of everything but tensors."""
        return self.path / f"snapshot-{generation}.index"

    def tensors(self, generation: int) -> Path:
        """A snapshot's tensors."""
        return self.path / f"snapshot-{generation}.safetensors"

    def journals(self) -> list[int]:
        """The generations of the journals, the oldest first."""
        return self._found(_JOURNAL)

    def snapshots(self) -> list[int]:
        """The generations of the complete snapshots, the oldest first."""
        return self._found(_SNAPSHOT)

    def drop_before(self, generation: int) -> None:
        """Remove what is older than a snapshot."""
        for old in self.journals():
            if old < generation:
                self.journal(old).unlink(missing_ok=True)
        for old in self.snapshots():
            if old < generation:
                self.index(old).unlink(missing_ok=True)
                self.tensors(old).unlink(missing_ok=True)

    def _found(self, pattern: re.Pattern[str]) -> list[int]:
        with suppress(FileNotFoundError):
            return sorted(int(found[1]) for path in self.path.iterdir() if (found := pattern.fullmatch(path.name)))
        return []


class Hold:
    """A session in the hands of one worker: the one before may not have ended yet when the next is asked for it."""

    def __init__(self, folder: SessionFolder, seconds: float = _PATIENCE_SECONDS) -> None:
        """Take it; raises `Unavailable` where another process has it for so long."""
        self._descriptor = -1
        self._descriptor = os.open(folder.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        until = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > until:
                    self.release()
                    raise Unavailable(
                        "the worker that had the session has not ended yet", hint="ask again in a second"
                    ) from None
            time.sleep(0.02)

    def release(self) -> None:
        """Let another have it."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def __del__(self) -> None:
        self.release()


class Progress:
    """Which record is being done again, on disk: a record that ends the worker each time is not done forever."""

    def __init__(self, folder: SessionFolder) -> None:
        self._path = folder.path / "restoring"
        self.record, self.deaths = 0, 0
        with suppress(OSError, struct.error):
            self.record, self.deaths = _PROGRESS.unpack(self._path.read_bytes())
            self.deaths += 1
        self._descriptor = -1
        with suppress(OSError):  # a folder that is read-only can be read
            self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)

    def at(self, number: int) -> None:
        """Say which record is begun."""
        if number > self.record:
            self.record, self.deaths = number, 0
        if number == self.record and self._descriptor >= 0:
            os.pwrite(self._descriptor, _PROGRESS.pack(self.record, self.deaths), 0)

    def done(self) -> None:
        """Say that the worker lived."""
        self.close()
        with suppress(OSError):
            self._path.unlink()

    def close(self) -> None:
        """Let go of the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1
