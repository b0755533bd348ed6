"""What Linux says of processes: memory, CPU time, descendants."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def memory(process: int) -> int:
    """Bytes of a process's memory that are resident, files it has mapped left out."""
    _, resident, shared, *_ = Path(f"/proc/{process}/statm").read_text().split()
    return (int(resident) - int(shared)) * _PAGE


def cpu_seconds(processes: Iterable[int]) -> float:
    """CPU seconds that processes have used, those that are gone left out."""
    return sum(_cpu_seconds(process) for process in processes)


def _cpu_seconds(process: int) -> float:
    try:
        user, system = _fields(process)[11:13]
    except OSError:
        return 0
    return (int(user) + int(system)) / _TICKS


def _fields(process: int) -> list[str]:
    """The fields of a process's state after its name, which may hold anything."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()


def tree(process: int) -> list[int]:
    """A process and its descendants."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                children.setdefault(int(_fields(int(folder.name))[1]), []).append(int(folder.name))
            except OSError:
                continue
    found = [process]
    for each in found:
        found += children.get(each, ())
    return found
