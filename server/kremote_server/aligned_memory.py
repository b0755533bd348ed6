"""Memory that a tensor can be made of without a copy."""

from __future__ import annotations

from typing import Any

import numpy as np

#: What engines and numpy like a buffer to start at.
ALIGNMENT = 64


def address_of(array: np.ndarray[Any, Any]) -> int:
    """Where an array's memory starts."""
    address: int = array.__array_interface__["data"][0]
    return address


def aligned_bytes(length: int) -> np.ndarray[Any, Any]:
    """So many writable bytes that start where a tensor may.

    >>> address_of(aligned_bytes(10)) % ALIGNMENT, aligned_bytes(10).nbytes
    (0, 10)
    """
    room = np.empty(length + ALIGNMENT, np.uint8)
    start = -address_of(room) % ALIGNMENT
    return room[start : start + length]
