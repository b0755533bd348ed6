"""A session's journal: a file to which each request that changed the session is appended before it is answered."""

from __future__ import annotations

import logging
import mmap
import os
import secrets
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from kremote_proto.errors import StorageFailed

from .record import MAGIC, Record, record_at, written

log = logging.getLogger(__name__)

#: What outlives what: nothing, a process that is killed (the page cache has it), a machine that loses its power.
Durability = Literal["none", "process", "power"]

_FILE = struct.Struct("<8sQ")
_FILE_MAGIC = b"KREMOTE1"
#: Room on the disk is taken before it is needed, each time as much again as there is: what has room cannot fail later.
_LEAST_ROOM, _MOST_ROOM = 1 << 16, 64 << 20
#: What a record needs beside its body, as a rule.
_HEAD_ROOM = 1 << 13


class Journal:
    """A journal that is written. One thread uses it at a time."""

    def __init__(self, path: Path, durability: Durability, number: int, key: int, end: int) -> None:
        self.path = path
        #: The number of the next record.
        self.number = number
        self._power = durability == "power"
        self._key = key
        #: Where the last record ends.
        self.end = self._room = end
        self._descriptor = os.open(path, os.O_RDWR)

    @classmethod
    def create(cls, path: Path, durability: Durability, number: int) -> Journal:
        """A new journal whose first record has a number."""
        key, aside = secrets.randbits(64), path.with_name(f".{path.name}")
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(_FILE.pack(_FILE_MAGIC, key))
            file.flush()
            if durability == "power":
                os.fsync(file.fileno())
        aside.replace(path)  # so it never is without its beginning
        if durability == "power":
            synchronise_folder(path.parent)
        return cls(path, durability, number, key, _FILE.size)

    def __del__(self) -> None:
        self.close()

    @property
    def bytes(self) -> int:
        """How many bytes of records were appended to the file."""
        return self.end - _FILE.size

    def prepare(self, body_bytes: int) -> None:
        """Take room for a record; raises `StorageFailed` where there is none."""
        needed = self.end + body_bytes + _HEAD_ROOM
        if needed <= self._room:
            return
        room = needed + min(max(self.end, _LEAST_ROOM), _MOST_ROOM)
        try:
            self._allocate(room)
        except OSError:
            try:  # nearly full: without anything to spare
                self._allocate(needed)
            except OSError as error:
                raise storage_failed(error, "nothing of the request was done") from error

    def append(self, head: dict[str, Any], body: memoryview) -> None:
        """Write a record; raises `OSError` where it could not be, and nothing of it counts."""
        pieces = written(Record(self.number, head, body), self._key)
        try:
            end = _write(self._descriptor, pieces, self.end)
            if self._power:
                os.fdatasync(self._descriptor)
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._descriptor, self.end)
                self._room = self.end
            raise
        self.end = end
        self._room = max(self._room, end)
        self.number += 1

    def finish(self) -> None:
        """Append no more; the room that was taken for more is free."""
        with suppress(OSError):
            os.ftruncate(self._descriptor, self.end)
        self.close()

    def close(self) -> None:
        """Append no more."""
        descriptor, self._descriptor = getattr(self, "_descriptor", -1), -1
        if descriptor >= 0:
            os.close(descriptor)

    def _allocate(self, room: int) -> None:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(self._descriptor, self.end, room - self.end)
        self._room = room


def _write(descriptor: int, pieces: list[bytes | memoryview], place: int) -> int:
    """Write all pieces from a place on; where they end."""
    left = [view for piece in pieces if (view := memoryview(piece))]
    while left:
        size = os.pwritev(descriptor, left, place)
        place += size
        while left and size >= len(left[0]):
            size -= len(left.pop(0))
        if size:
            left[0] = left[0][size:]
    return place


def synchronise_folder(folder: Path) -> None:
    """Have the disk have the names in a folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def storage_failed(error: OSError, consequence: str) -> StorageFailed:
    """The error for what could not be written down."""
    return StorageFailed(
        f"the server could not write down what was asked ({error.strerror or error}): {consequence}",
        hint="its owner has to make room in the state directory, or let it be written to; then ask again",
    )


class Damaged(Exception):
    """A file that is not as it was written; the message says what is lost with it."""


class JournalReader:
    """A journal that is read, for a session to be made of it again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size < _FILE.size:
                raise Damaged(f"{path.name} has no beginning")
            self._file = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._memory = memoryview(self._file)
        magic, self._key = _FILE.unpack(self._memory[: _FILE.size])
        if magic != _FILE_MAGIC:
            raise Damaged(f"{path.name} is no journal of this version")
        #: Where the last whole record ends.
        self.end = _FILE.size

    def records(self, number: int) -> Iterator[Record]:
        """The records in order, the first of which has a number; raises `Damaged` where one is missing."""
        while (found := record_at(self._memory, self.end, self._key)) is not None:
            record, end = found
            if record.number != number:
                raise Damaged(f"expected record {number} in {self.path.name}; got {record.what}")
            yield record
            self.end, number = end, number + 1
        self._check_rest(number)

    def continued(self, durability: Durability, number: int) -> Journal:
        """The journal to go on with behind the last whole record; what is left of a torn one is cut off."""
        os.truncate(self.path, self.end)  # memory mapped behind the end is not touched again
        return Journal(self.path, durability, number, self._key, self.end)

    def _check_rest(self, number: int) -> None:
        """Raise where records follow one that is damaged; what follows the last one is a torn one, or nothing."""
        place, lost = self.end, []
        while (place := self._file.find(MAGIC, place)) >= 0:
            found = record_at(self._memory, place, self._key)
            if found is not None:
                lost.append(found[0].what)
            place = found[1] if found is not None else place + 1
        if lost:
            names = ", ".join(lost[:20]) + (f" and {len(lost) - 20} more" if len(lost) > 20 else "")
            raise Damaged(f"record {number} in {self.path.name} is damaged; lost with it are {names}")
        if self._memory[self.end :].tobytes().strip(b"\0"):
            log.warning("a request that nobody was answered was cut off %s, behind record %d", self.path, number - 1)
