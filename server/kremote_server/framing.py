"""The framing of the link between gateway and worker.

    message := head chunk* end
    head    := length (4 bytes, little-endian)  MessagePack map
    chunk   := length (4 bytes, little-endian, 1 to 1 MiB)  bytes
    end     := 4 zero bytes

An address is the path of a Unix socket, or `tcp://host:port` between machines.
"""

from __future__ import annotations

import struct
from typing import Any
from urllib.parse import urlsplit

import msgpack

from kremote_proto.errors import LimitExceeded, Unavailable

#: The largest chunk of a body.
CHUNK_BYTES = 1 << 20
#: The largest head; it holds names and numbers, never a value.
HEAD_BYTES = 1 << 16
END = bytes(4)
#: Bodies from this size on pass between client and worker without the gateway, where they share a machine; smaller ones
#: go on in one write with their head.
DIRECT_BYTES = HEAD_BYTES
#: The route of a lease: the worker answers on the client's connection, whose descriptor comes with the head, until
#: something else comes, the time is up, or the gateway ends the message, which it does not before.
LEASE = "lease"
#: How long a lease lasts at most. With how often the gateway looks at its tokens that is less than a second, and so
#: soon a revoked one is refused. Counts and logs tell of requests as late.
LEASE_SECONDS = 0.75
LEASE_REQUESTS = 4096
#: The status of a request whose client went away before it was answered; none ever gets it.
CLIENT_GONE = 499

_LENGTH = struct.Struct("<I")


class BrokenLink(Unavailable):
    """The other side went away, or does not speak the link's protocol."""


def frame(data: bytes | memoryview) -> bytes:
    """The 4 bytes that announce a head or a chunk."""
    return _LENGTH.pack(len(data))


def frame_length(header: bytes, most: int) -> int:
    """The length 4 bytes announce; raises `BrokenLink` above `most`."""
    length: int = _LENGTH.unpack(header)[0]
    if length > most:
        raise BrokenLink(f"expected at most {most} bytes in a frame; got {length} announced")
    return length


def pack_head(head: dict[str, Any]) -> bytes:
    """A head with its length before it; raises `LimitExceeded`."""
    packed: bytes = msgpack.packb(head, use_bin_type=True)
    if len(packed) > HEAD_BYTES:
        raise LimitExceeded(f"expected an address with its query of at most {HEAD_BYTES} bytes; got {len(packed)}")
    return frame(packed) + packed


def unpack_head(packed: bytes) -> dict[str, Any]:
    """The map of a head; raises `BrokenLink`."""
    try:
        head = msgpack.unpackb(packed, raw=False)
    except ValueError as error:
        raise BrokenLink(f"expected a MessagePack map as head; got {len(packed)} other bytes") from error
    if not isinstance(head, dict):
        raise BrokenLink(f"expected a MessagePack map as head; got {type(head).__name__}")
    return head


def split_address(address: str) -> tuple[str, int] | str:
    """The host and port of `tcp://host:port`, or the path of a Unix socket.

    >>> split_address("tcp://127.0.0.1:9000")
    ('127.0.0.1', 9000)
    >>> split_address("/tmp/worker.sock")
    '/tmp/worker.sock'
    """
    if not address.startswith("tcp://"):
        return address
    parts = urlsplit(address)
    if parts.hostname is None or parts.port is None:
        raise ValueError(f"expected tcp://host:port; got {address!r}")
    return parts.hostname, parts.port
