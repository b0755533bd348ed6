"""What a worker reads from the link: heads, and bodies into memory that tensors can be made of."""

from __future__ import annotations

import socket
import sys
from typing import Any

from kremote_proto.errors import LimitExceeded, MalformedRequest

from .aligned_memory import aligned_bytes
from .framing import CHUNK_BYTES, HEAD_BYTES, BrokenLink, frame_length, unpack_head

_READ_BYTES = 1 << 16
_DESCRIPTORS = socket.CMSG_SPACE(4)
#: How long a client's connection may stand still before its body counts as broken.
_PATIENCE_SECONDS = 600.0


class ClientGone(BrokenLink):
    """The client's connection ended, or stood still, in the middle of a body that came or went past the gateway."""


class Reader:
    """Reads one connection of the link, a system call for each small message."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._passes = connection.family == socket.AF_UNIX
        self._buffer = memoryview(b"")
        #: The client's connection, where the gateway passed it along with a request's head.
        self.client: socket.socket | None = None

    def close(self) -> None:
        """Forget the client's connection; the gateway keeps its own hold of it."""
        if self.client is not None:
            self.client.close()
            self.client = None

    @property
    def buffered(self) -> bool:
        """Whether something was received that nobody has read."""
        return bool(self._buffer)

    def take_client(self) -> socket.socket:
        """The client's connection that came with a head, to be closed by who takes it; `BrokenLink` where none did."""
        client, self.client = self.client, None
        if client is None:
            raise BrokenLink("expected the client's connection with the head; got none")
        return client

    def head(self) -> dict[str, Any] | None:
        """The head of the next message, None where the peer ended."""
        if not self._buffer and not self._more():
            return None
        return unpack_head(self.exactly(frame_length(self.exactly(4), HEAD_BYTES)))

    def exactly(self, length: int) -> bytes:
        """So many bytes; raises `BrokenLink` where the peer ends before them."""
        while len(self._buffer) < length:
            if not self._more():
                raise BrokenLink("the peer ended in the middle of a message")
        taken = bytes(self._buffer[:length])
        self._buffer = self._buffer[length:]
        return taken

    def fill(self, room: memoryview) -> None:
        """Fill all of `room`: what is buffered first, the rest straight into it."""
        buffered = min(len(room), len(self._buffer))
        room[:buffered] = self._buffer[:buffered]
        self._buffer = self._buffer[buffered:]
        receive_into(self._connection, room[buffered:])

    def _more(self) -> bool:
        if self._passes:
            data, passed, _, _ = self._connection.recvmsg(_READ_BYTES, _DESCRIPTORS)
            for _, _, descriptor in passed:
                self.close()
                self.client = socket.socket(fileno=int.from_bytes(descriptor[:4], sys.byteorder))
                self.client.set_inheritable(False)
                # Shared with the gateway, whose event loop needs it not to block: waiting is done beside it.
                self.client.settimeout(_PATIENCE_SECONDS)
        else:
            data = self._connection.recv(_READ_BYTES)
        self._buffer = memoryview(bytes(self._buffer) + data)
        return bool(data)


def receive_into(connection: socket.socket, room: memoryview) -> None:
    """Fill all of `room` from a socket; raises `BrokenLink` where it ends before."""
    while room:
        size = connection.recv_into(room)
        if not size:
            raise BrokenLink("the peer ended in the middle of a body")
        room = room[size:]


def receive_from_client(client: socket.socket, room: memoryview) -> None:
    """Fill all of `room` from the client's connection; raises `ClientGone`."""
    try:
        receive_into(client, room)
    except (OSError, BrokenLink) as error:
        raise ClientGone("the client went away in the middle of a body") from error


def receive_body(reader: Reader, head: dict[str, Any], most: int) -> memoryview:
    """The body of a request, bounded before memory is taken for it.

    `receive` in the head says how much of it comes, after the link's own chunks, from the client's connection.
    """
    length, direct = head.get("length"), _whole(head.get("receive") or 0)
    if length is None:
        return _receive_unannounced(reader, most)
    length = _whole(length)
    if length > most:
        _discard(reader, direct)
        raise _too_large(most)
    body, filled = aligned_bytes(length).data, 0
    while size := frame_length(reader.exactly(4), CHUNK_BYTES):
        if filled + size > length:
            _skip(reader, size)
            _discard(reader, direct)
            raise MalformedRequest(f"expected a body of {length} bytes; got more")
        reader.fill(body[filled : filled + size])
        filled += size
    if filled + direct != length:
        _skip_direct(reader, direct)
        raise MalformedRequest(f"expected a body of {length} bytes; got {filled + direct}")
    if direct:
        _receive_direct(reader, body[filled:])
    return body


def _whole(length: Any) -> int:
    if type(length) is not int or length < 0:
        raise BrokenLink(f"expected a length of 0 or more in the head; got {length!r}")
    return length


def _receive_direct(reader: Reader, room: memoryview) -> None:
    if reader.client is None:
        raise BrokenLink("expected the client's connection with the head; got none")
    receive_from_client(reader.client, room)


def _skip_direct(reader: Reader, size: int) -> None:
    scratch = memoryview(bytearray(min(size, _READ_BYTES)))
    while size:
        _receive_direct(reader, scratch[: min(size, _READ_BYTES)])
        size -= min(size, _READ_BYTES)


def _receive_unannounced(reader: Reader, most: int) -> memoryview:
    """A body whose length its sender did not know: the buffer grows as it comes."""
    body, filled = aligned_bytes(0).data, 0
    while size := frame_length(reader.exactly(4), CHUNK_BYTES):
        if filled + size > most:
            _skip(reader, size)
            _discard(reader)
            raise _too_large(most)
        if filled + size > len(body):
            larger = aligned_bytes(min(most, max(2 * len(body), filled + size))).data
            larger[:filled] = body[:filled]
            body = larger
        reader.fill(body[filled : filled + size])
        filled += size
    return body[:filled]


def _discard(reader: Reader, direct: int = 0) -> None:
    """Read what is left of a body, so that the reply reaches a peer that is still sending."""
    while size := frame_length(reader.exactly(4), CHUNK_BYTES):
        _skip(reader, size)
    _skip_direct(reader, direct)


def _skip(reader: Reader, size: int) -> None:
    while size:
        size -= len(reader.exactly(min(size, _READ_BYTES)))


def _too_large(most: int) -> LimitExceeded:
    return LimitExceeded(f"expected a body of at most {most} bytes; got more", hint="send it in smaller parts")
