"""The link between gateway and worker: its framing, and the worker's side of it.

    message := head chunk* end
    head    := length (4 bytes, little-endian)  MessagePack map
    chunk   := length (4 bytes, little-endian, 1 to 1 MiB)  bytes
    end     := 4 zero bytes

An address is the path of a Unix socket, or `tcp://host:port` between machines.
"""

from __future__ import annotations

import errno
import io
import logging
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import msgpack
import numpy as np

from kremote_proto import codec
from kremote_proto.errors import InternalError, KremoteError, LimitExceeded, MalformedRequest, Unavailable

log = logging.getLogger(__name__)

#: The largest chunk of a body.
CHUNK_BYTES = 1 << 20
#: The largest head; it holds names and numbers, never a value.
HEAD_BYTES = 1 << 16
END = bytes(4)

_LENGTH = struct.Struct("<I")
#: What engines and numpy like a buffer to start at: a tensor is made of it without a copy.
_ALIGNMENT = 64


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


@dataclass(slots=True)
class Request:
    """One request as the worker gets it."""

    head: dict[str, Any]
    #: The HTTP body in one writable buffer of the request's own, aligned for tensors to be made of it without a copy.
    body: memoryview


@dataclass(slots=True)
class Reply:
    """What the worker answers. A body in pieces is sent as it is made; give its `length` where it is known."""

    status: int = 200
    content_type: str = codec.MSGPACK
    body: bytes | bytearray | memoryview | Iterable[bytes | memoryview] = b""
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None


Handler = Callable[[Request], Reply]


def error_reply(error: KremoteError, accept: Any = codec.MSGPACK) -> Reply:
    """An error in its one shape, in the asked content type (MessagePack when raw bytes were asked for)."""
    content_type = codec.JSON if accept == codec.JSON else codec.MSGPACK
    return Reply(error.status, content_type, codec.encode({"error": error.to_wire()}, content_type))


def listen(address: str) -> socket.socket:
    """A listening socket at an address; a Unix socket is for its owner alone."""
    place = split_address(address)
    if isinstance(place, tuple):
        return socket.create_server(place, backlog=128)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(place)
    finally:
        os.umask(before)
    listener.listen(128)
    return listener


def serve(address: str | socket.socket, handle: Handler, *, most_body_bytes: int = 2 << 30) -> None:
    """Answer requests, a thread for each connection, until the listening socket is shut down.

    `handle` is called with one request at a time per connection. What it raises becomes an error reply, a
    `KremoteError` as it is and anything else as `internal`. A body above `most_body_bytes` is refused before memory
    is taken for it.
    """
    listener = address if isinstance(address, socket.socket) else listen(address)
    while True:
        try:
            connection, _ = listener.accept()
        except OSError as error:
            if error.errno in (errno.EBADF, errno.EINVAL):
                return
            # A moment without free file descriptors must not end the worker, which holds people's values.
            log.warning("a connection of the link could not be accepted: %s", error)
            time.sleep(0.1)
            continue
        threading.Thread(target=_converse, args=(connection, handle, most_body_bytes), daemon=True).start()


def _converse(connection: socket.socket, handle: Handler, most_body_bytes: int) -> None:
    """Serve one connection until its peer ends it."""
    with connection:
        if connection.family != socket.AF_UNIX:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        reader = io.BufferedReader(socket.SocketIO(connection, "rb"), 1 << 16)
        try:
            while (head := _receive_head(reader)) is not None:
                reply = _answer(reader, head, handle, most_body_bytes)
                _send(connection, reply)
        except BrokenLink as error:
            log.warning("a connection of the link broke: %s", error)
        except OSError as error:
            log.info("a peer of the link went away: %s", error)
        except Exception:
            # Only a reply's own pieces can raise here. Ending the connection tells the peer that it is incomplete.
            log.exception("a reply could not be completed")


def _answer(reader: io.BufferedIOBase, head: dict[str, Any], handle: Handler, most_body_bytes: int) -> Reply:
    accept = head.get("accept")
    try:
        body = _receive_body(reader, head.get("length"), most_body_bytes)
        return handle(Request(head, body))
    except BrokenLink:
        raise
    except KremoteError as error:
        return error_reply(error, accept)
    except Exception as error:
        log.exception("a request of route %s failed", head.get("route"))
        return error_reply(InternalError(f"the worker failed with {type(error).__name__}; its log says where"), accept)


def _receive_head(reader: io.BufferedIOBase) -> dict[str, Any] | None:
    header = reader.read(4)
    if not header:
        return None
    if len(header) < 4:
        raise BrokenLink("the peer ended in the middle of a head")
    return unpack_head(_exactly(reader, frame_length(header, HEAD_BYTES)))


def _exactly(reader: io.BufferedIOBase, length: int) -> bytes:
    data = reader.read(length)
    if len(data) < length:
        raise BrokenLink("the peer ended in the middle of a message")
    return data


def _fill(reader: io.BufferedIOBase, room: memoryview) -> None:
    if reader.readinto(room) < len(room):
        raise BrokenLink("the peer ended in the middle of a body")


def aligned_buffer(length: int) -> memoryview:
    """A writable buffer that starts at an address tensors can be made of."""
    room = np.empty(length + _ALIGNMENT, np.uint8)
    start = -room.ctypes.data % _ALIGNMENT
    return room[start : start + length].data


def _receive_body(reader: io.BufferedIOBase, length: Any, most: int) -> memoryview:
    """The body of a request, bounded before memory is taken for it."""
    if length is None:
        return _receive_unannounced(reader, most)
    if type(length) is not int or length < 0:
        raise BrokenLink(f"expected a length of 0 or more in the head; got {length!r}")
    if length > most:
        _discard(reader)
        raise _too_large(most)
    body = aligned_buffer(length)
    filled = 0
    while size := frame_length(_exactly(reader, 4), CHUNK_BYTES):
        if filled + size > length:
            _skip(reader, size)
            _discard(reader)
            raise MalformedRequest(f"expected a body of {length} bytes; got more")
        _fill(reader, body[filled : filled + size])
        filled += size
    if filled < length:
        raise MalformedRequest(f"expected a body of {length} bytes; got {filled}")
    return body


def _receive_unannounced(reader: io.BufferedIOBase, most: int) -> memoryview:
    """A body whose length its sender did not know: the buffer grows as it comes."""
    body, filled = aligned_buffer(0), 0
    while size := frame_length(_exactly(reader, 4), CHUNK_BYTES):
        if filled + size > most:
            _skip(reader, size)
            _discard(reader)
            raise _too_large(most)
        if filled + size > len(body):
            larger = aligned_buffer(min(most, max(2 * len(body), filled + size)))
            larger[:filled] = body[:filled]
            body = larger
        _fill(reader, body[filled : filled + size])
        filled += size
    return body[:filled]


def _discard(reader: io.BufferedIOBase) -> None:
    """Read what is left of a body, so that the reply reaches a peer that is still sending."""
    while size := frame_length(_exactly(reader, 4), CHUNK_BYTES):
        _skip(reader, size)


def _skip(reader: io.BufferedIOBase, size: int) -> None:
    while size:
        size -= len(_exactly(reader, min(size, 1 << 16)))


def _too_large(most: int) -> LimitExceeded:
    return LimitExceeded(f"expected a body of at most {most} bytes; got more", hint="send it in smaller parts")


def _send(connection: socket.socket, reply: Reply) -> None:
    pieces, length, small = reply.body, reply.length, False
    if isinstance(pieces, bytes | bytearray | memoryview):
        length = memoryview(pieces).nbytes
        pieces, small = [memoryview(pieces)], length <= HEAD_BYTES
    head: dict[str, Any] = {"status": reply.status, "content_type": reply.content_type, "headers": reply.headers}
    if length is not None:
        head["length"] = length
    if small:
        # One system call for the common small reply.
        connection.sendall(pack_head(head) + b"".join(_framed(pieces)) + END)
        return
    connection.sendall(pack_head(head))
    for piece in _framed(pieces):
        connection.sendall(piece)
    connection.sendall(END)


def _framed(pieces: Iterable[bytes | memoryview]) -> Iterator[bytes | memoryview]:
    """The frames of a body: a length, a chunk, a length, a chunk."""
    for piece in pieces:
        if not memoryview(piece).nbytes:
            continue
        view = memoryview(piece).cast("B")
        for start in range(0, len(view), CHUNK_BYTES):
            chunk = view[start : start + CHUNK_BYTES]
            yield frame(chunk)
            yield chunk
