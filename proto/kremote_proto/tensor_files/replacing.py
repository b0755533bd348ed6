"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EACCES, EINVAL, EISDIR, ENOENT
from pathlib import Path
from typing import BinaryIO

from ..errors import KremoteError

#: How a file is called until it is whole. One that is left was written by a process that was killed.
PART_PREFIX, PART_SUFFIX = ".kremote-", ".part"


@contextmanager
def replaced(path: str) -> Iterator[BinaryIO]:
    """A file to write, which takes its place at a path when all is written and on the disk.

    Where the block fails, or is interrupted, what was at the path stays as it was. Raises Python's own `OSError` of the
    kind that the system gave, with what to do.
    """
    target = Path(os.path.realpath(path))
    _check(target)
    part = target.with_name(f"{PART_PREFIX}{secrets.token_hex(8)}{PART_SUFFIX}")
    try:
        with part.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, part)
        os.replace(part, target)
        _sync(target.parent)
    except BaseException as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        # Some of kremote's errors are of Python's ConnectionError, which is an OSError: the disk is not to blame.
        if isinstance(error, OSError) and not isinstance(error, KremoteError):
            text = f"{error.strerror or error}; nothing was saved, and a file that was there is as it was"
            raise OSError(error.errno, text, str(target)) from error
        raise


def _check(target: Path) -> None:
    """Refuse what cannot be replaced, before anything is fetched for it."""
    if not target.parent.is_dir():
        raise FileNotFoundError(ENOENT, "expected a folder that is there; make it first", str(target.parent))
    if not target.exists():
        return
    if target.is_dir():
        raise IsADirectoryError(EISDIR, "expected the path of a file; a folder is there", str(target))
    if not stat.S_ISREG(target.stat().st_mode):
        raise OSError(EINVAL, "expected the path of a file; a device or a pipe is there", str(target))
    if not os.access(target, os.W_OK):
        raise PermissionError(EACCES, "the file that is there may not be changed; save under another name", str(target))


def _sync(folder: Path) -> None:
    """Have the new name on the disk, too, where the system syncs folders."""
    with suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
