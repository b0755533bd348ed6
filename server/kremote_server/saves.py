"""Files of variables that users keep on the server's disk: a folder for each user, with a bound."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from fastapi.concurrency import contextmanager_in_threadpool, run_in_threadpool

from kremote_proto.errors import InvalidValue, LimitExceeded, NotFound, StorageFailed, Unsupported, shown
from kremote_proto.tensor_files import format_of, replaced
from kremote_proto.tensor_files.replacing import PART_PREFIX, PART_SUFFIX

#: No folders, nothing hidden, and no name that is long or means something to a system.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_PIECE_BYTES = 1 << 20
#: What a file counts at least, so that their number is bounded, too.
_LEAST_BYTES = 1 << 12


class Saves:
    """The saved files of all users."""

    def __init__(self, state_dir: Path | None, most_bytes: int) -> None:
        self._root = None if state_dir is None else state_dir / "saves"
        self._most_bytes = most_bytes
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def listed(self, user: str) -> list[dict[str, Any]]:
        """A user's files by name: how many bytes they have, and when they were saved; none where none are kept."""
        if self._root is None:
            return []
        found = sorted(self._files(user))
        return [{"name": name, "bytes": status.st_size, "saved": status.st_mtime} for name, status in found]

    def check(self, user: str, name: str) -> None:
        """Refuse a name that a file cannot have, before anything is done for it."""
        self._path(user, name)

    async def write(self, user: str, name: str, pieces: AsyncIterator[bytes]) -> int:
        """Save a file, whole or not at all; how many bytes it has.

        Raises `LimitExceeded` where the user's files would take too much, and `StorageFailed` where the disk does.
        """
        path = self._path(user, name)
        async with self._locks[user]:
            left = self._most_bytes - await run_in_threadpool(self._used, user, name)
            written = 0
            async with contextmanager_in_threadpool(self._replaced(path)) as file:
                async for piece in pieces:
                    written += len(piece)
                    if max(written, _LEAST_BYTES) > left:
                        raise LimitExceeded(
                            f"expected at most {self._most_bytes} bytes of saved files for each user; "
                            f"{name} is larger than the {max(left, 0)} that your others leave",
                            hint="delete some: DELETE /v1/saves/{name}, or K.delete_saved(name)",
                        )
                    await run_in_threadpool(file.write, piece)
        return written

    @contextmanager
    def _replaced(self, path: Path) -> Iterator[Any]:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            for left in path.parent.glob(f"{PART_PREFIX}*{PART_SUFFIX}"):
                left.unlink()  # of a server that was killed: this one writes one file of a user at a time
            with replaced(str(path)) as file:
                yield file
        except OSError as error:
            if isinstance(error, StorageFailed | ConnectionError):
                raise
            raise StorageFailed(f"the server could not save {path.name}: {error.strerror or error}") from error

    def open(self, user: str, name: str) -> BinaryIO:
        """A file as it is now, whatever takes its place meanwhile; raises `NotFound`."""
        with _found(name):
            return self._path(user, name).open("rb")

    def delete(self, user: str, name: str) -> None:
        """Forget a file; raises `NotFound`."""
        with _found(name):
            self._path(user, name).unlink()

    def _path(self, user: str, name: str) -> Path:
        format_of(name)
        if not _NAME.fullmatch(name):
            raise InvalidValue(
                f"expected a name of at most 100 letters, digits and . _ - for a file on the server; got {shown(name)}",
                hint="there are no folders on the server's disk",
            )
        return self._folder(user) / name

    def _files(self, user: str) -> Iterator[tuple[str, os.stat_result]]:
        with suppress(FileNotFoundError), os.scandir(self._folder(user)) as entries:
            for entry in entries:
                if _NAME.fullmatch(entry.name):
                    with suppress(FileNotFoundError):  # deleted since
                        yield entry.name, entry.stat()

    def _used(self, user: str, besides: str) -> int:
        return sum(max(status.st_size, _LEAST_BYTES) for name, status in self._files(user) if name != besides)

    def _folder(self, user: str) -> Path:
        """A user's folder. The digest keeps apart what some systems take for one: Bob and bob, "." and its folder."""
        if self._root is None:
            raise Unsupported(
                "this server keeps no files: it was started without a folder for them",
                hint="save on your own disk, or have the server's owner give it one: kremote serve --state-dir DIR",
            )
        return self._root / f"{user}-{hashlib.sha256(user.encode()).hexdigest()[:12]}"


@contextmanager
def _found(name: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise NotFound(
            f"expected the name of a saved file; got {name!r}", hint="GET /v1/saves, or K.saved(), lists yours"
        ) from None


async def pieces_of(file: BinaryIO) -> AsyncIterator[bytes]:
    """An open file's bytes, read beside the event loop."""
    while piece := await run_in_threadpool(file.read, _PIECE_BYTES):
        yield piece
