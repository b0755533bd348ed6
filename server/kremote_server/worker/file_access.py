"""Takes files away from this process, and from all it starts: what it may not write, and secrets it may not read.

Linux' Landlock (landlock(7)), from kernel 5.13 on, for anybody who may start a program. What was opened stays open.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from .system_calls import NotHere

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_VERSION_ASKED, _PATH_BENEATH = 1, 1

_WRITE_FILE, _READ_FILE, _READ_DIR, _MAKE_SOCK = 1 << 1, 1 << 2, 1 << 3, 1 << 9
#: Changes of directories: files and folders removed and made, of every kind.
_CHANGE = sum(1 << bit for bit in range(4, 13))
#: Rights that came with later versions of Landlock: moving between folders, shortening.
_LATER = {2: 1 << 13, 3: 1 << 14}
_TRUNCATE = 1 << 14
#: What may be allowed of a file that is no folder.
_OF_FILES = _WRITE_FILE | _READ_FILE | _TRUNCATE
#: From version 4 on TCP can be refused, from 6 on signals and abstract sockets to the outside.
_NETWORK, _OUTSIDE = (4, 0b11), (6, 0b11)
#: More entries beside a secret are not told one by one.
_MOST_ENTRIES = 20_000


def restrict_files(
    writable: Iterable[Path], *, sockets: Sequence[Path] = (), hidden: Sequence[Path] = (), outside: bool = True
) -> None:
    """Allow writing beneath `writable` alone, sockets to be made in `sockets`, and no reading of what is `hidden`.

    It holds for this thread, and for threads and processes it starts. What lies beside a hidden file is readable as far
    as it is there now. `outside=False` refuses TCP and signals to other processes too. Raises `OSError`.
    """
    version = _version()
    writing = _WRITE_FILE | _CHANGE | sum(right for since, right in _LATER.items() if version >= since)
    reading = _READ_FILE if hidden else 0
    numbers = [writing | reading]
    for since, rights in (_NETWORK, _OUTSIDE):
        if version >= since:
            numbers.append(0 if outside else rights)
    attributes = struct.pack(f"={len(numbers)}Q", *numbers)
    ruleset = _call(_CREATE, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0))
    try:
        for path in writable:
            _allow(ruleset, path, writing | reading)
        for path in sockets:
            _allow(ruleset, path, _MAKE_SOCK)
        if hidden:
            for path in _beside(hidden):
                _allow(ruleset, path, reading)
        _call(_RESTRICT, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    finally:
        os.close(ruleset)


def _version() -> int:
    return _call(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION_ASKED))


def _allow(ruleset: int, path: Path, rights: int) -> None:
    """Allow something beneath a path; one that is not there needs no rule."""
    with contextlib.suppress(FileNotFoundError, PermissionError, NotADirectoryError):
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            if not path.is_dir():
                rights &= _OF_FILES
            if rights:
                rule = struct.pack("=Qi", rights, descriptor)
                _call(_ADD, ctypes.c_int(ruleset), ctypes.c_int(_PATH_BENEATH), rule, ctypes.c_uint32(0))
        finally:
            os.close(descriptor)


def _beside(hidden: Sequence[Path]) -> Iterator[Path]:
    """Everything there is, but for some files: what is beside them, and beside the folders they are in."""
    secrets = {path.resolve() for path in hidden}
    folders = {folder for secret in secrets for folder in secret.parents}
    count = 0
    for folder in folders:
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                path = Path(entry.path)
                count += 1
                if count > _MOST_ENTRIES:
                    raise NotHere(f"there are more than {_MOST_ENTRIES} entries beside what is to be hidden")
                # A link leads to what has a rule of its own, or must not be read.
                if path not in secrets and path not in folders and not entry.is_symlink():
                    yield path


def _call(number: int, *arguments: object) -> int:
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "syscall") or os.uname().sysname != "Linux":
        raise NotHere("this system has no Landlock")
    library.syscall.restype = ctypes.c_long
    result = int(library.syscall(ctypes.c_long(number), *arguments))
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"Landlock is not to be had ({os.strerror(error)})")
    return result
