"""A session's contents: large tensors that were uploaded with their digest, to be had again by it."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from kremote_proto.errors import MalformedRequest, UnknownContent, shown

#: How many contents a session keeps, however small they are.
MOST_CONTENTS = 256

#: The SHA-256 of a content in hexadecimal digits, and the dtype and shape it was uploaded with.
Key = tuple[str, str, str]


@dataclass
class ContentCounts:
    """What became of uploads with a digest, for the metrics."""

    kept: int = 0
    hits: int = 0
    misses: int = 0
    evictions: int = 0


class Contents:
    """A memory of the engine's tensors, bounded in bytes and number; those used longest ago make room.

    A tensor is shared with whatever was made of it, as one under an id is: nothing writes into it.
    """

    def __init__(self, most_bytes: int, counts: ContentCounts) -> None:
        self._most_bytes = most_bytes
        self._counts = counts
        self._kept: OrderedDict[Key, tuple[Any, int]] = OrderedDict()
        self._bytes = 0

    def find(self, key: Key) -> Any:
        """The tensor of a content; raises `UnknownContent`."""
        if key not in self._kept:
            self._counts.misses += 1
            raise UnknownContent(
                f"expected the digest of a content of this session; got {shown(key[0])}",
                hint="send its bytes again, under a new sequence; a session keeps those it used last",
            )
        self._counts.hits += 1
        self._kept.move_to_end(key)
        return self._kept[key][0]

    def kept(self) -> Iterable[tuple[Key, Any, int]]:
        """Key, tensor and bytes of each content, the one used longest ago first."""
        return ((key, tensor, size) for key, (tensor, size) in self._kept.items())

    def restore(self, kept: Iterable[tuple[Any, Any, int]]) -> None:
        """Have what another session kept."""
        for key, tensor, size in kept:
            self._kept[key] = tensor, size
            self._bytes += size

    def keep(self, key: Key, tensor: Any, size: int) -> None:
        """Keep a tensor whose bytes have the key's digest."""
        if key in self._kept:
            self._kept.move_to_end(key)
            return
        if size > self._most_bytes:
            return
        self._kept[key] = tensor, size
        self._bytes += size
        self._counts.kept += 1
        while self._bytes > self._most_bytes or len(self._kept) > MOST_CONTENTS:
            _, (_, oldest) = self._kept.popitem(last=False)
            self._bytes -= oldest
            self._counts.evictions += 1


def check_digest(body: memoryview, digest: str) -> None:
    """Refuse bytes that have another SHA-256."""
    got = hashlib.sha256(body).hexdigest()
    if got != digest:
        raise MalformedRequest(f"expected a body whose SHA-256 is {shown(digest)}; it is {got}")
