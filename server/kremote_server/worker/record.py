"""One record of a journal: a request that changed a session, as bytes with a checksum.

    record := magic (4 bytes)  length of head (4)  length of body (8)  number (8)  checksum (8)  head  body

Integers are little-endian. The head is a MessagePack map; the checksum is XXH3 (64 bits) of all that follows the magic
but itself, begun with the key of the journal, so that what a client sends is never taken for a record.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import msgpack
import xxhash

MAGIC = b"KREC"
_LENGTHS = struct.Struct("<IQQ")
_CHECKSUM = struct.Struct("<Q")
HEADER_BYTES = len(MAGIC) + _LENGTHS.size + _CHECKSUM.size


@dataclass(frozen=True)
class Record:
    """A request that was done: `head` says how it came and what became of it."""

    number: int
    head: dict[str, Any]
    body: memoryview

    @property
    def what(self) -> str:
        """The request as messages name it.

        >>> Record(3, {"method": "PUT", "route": "variable", "path": {"name": "w"}}, memoryview(b"")).what
        'record 3 (PUT variable w)'
        """
        path = " ".join(map(str, dict(self.head.get("path") or {}).values()))
        words = " ".join(filter(None, (self.head.get("method"), self.head.get("route"), path[:80])))
        return f"record {self.number} ({words})"


def written(record: Record, key: int) -> list[bytes | memoryview]:
    """The record's bytes, the body as it is."""
    head = msgpack.packb(record.head)
    lengths = _LENGTHS.pack(len(head), record.body.nbytes, record.number)
    checksum = _CHECKSUM.pack(_checksum(key, lengths, head, record.body))
    return [b"".join((MAGIC, lengths, checksum, head)), record.body]


def record_at(memory: memoryview, place: int, key: int) -> tuple[Record, int] | None:
    """The record that begins at a place and where it ends, None where there is no whole one."""
    start = place + HEADER_BYTES
    if start > len(memory) or memory[place : place + len(MAGIC)] != MAGIC:
        return None
    lengths = memory[place + len(MAGIC) : start - _CHECKSUM.size]
    head_length, body_length, number = _LENGTHS.unpack(lengths)
    middle, end = start + head_length, start + head_length + body_length
    if end > len(memory):
        return None
    head, body = memory[start:middle], memory[middle:end]
    if _CHECKSUM.unpack(memory[start - _CHECKSUM.size : start])[0] != _checksum(key, lengths, head, body):
        return None
    return Record(number, msgpack.unpackb(head, strict_map_key=False), body), end


def _checksum(key: int, *parts: bytes | memoryview) -> int:
    digest = xxhash.xxh3_64(seed=key)
    for part in parts:
        digest.update(part)
    return digest.intdigest()
