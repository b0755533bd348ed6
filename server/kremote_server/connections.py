"""The gateway's side of the link: connections to one worker, and requests streamed over them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

from kremote_proto import codec

from .link import CHUNK_BYTES, END, HEAD_BYTES, BrokenLink, frame, frame_length, pack_head, split_address, unpack_head

#: Connections kept open for later requests; more may be open at a busy moment.
MOST_IDLE = 16
#: How much of a body is gathered for one write; asyncio stops reading a socket at twice this.
_GATHERED_BYTES = 1 << 16


class LinkReply:
    """A worker's reply: its head, and its body as it comes. Read the body to its end, or `close` it."""

    def __init__(self, head: dict[str, Any], connection: _Connection, release: Callable[[_Connection], None]) -> None:
        self.head = head
        self._connection: _Connection | None = connection
        self._release = release

    @property
    def status(self) -> int:
        """The HTTP status the worker chose."""
        return int(self.head.get("status", 500))

    @property
    def content_type(self) -> str:
        """The content type of the body."""
        return str(self.head.get("content_type", codec.MSGPACK))

    @property
    def headers(self) -> dict[str, str]:
        """Further headers of the HTTP reply."""
        return {str(name): str(value) for name, value in dict(self.head.get("headers") or {}).items()}

    @property
    def length(self) -> int | None:
        """The length of the body, where the worker knew it."""
        length = self.head.get("length")
        return length if type(length) is int else None

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body, each piece as it comes; raises `BrokenLink` where it ends too early."""
        assert self._connection is not None, "a body is read once"
        async for piece in self._connection.receive_body():
            yield piece
        self._release(self._connection)
        self._connection = None

    async def read(self) -> bytes:
        """The whole body, for a reply known to be small."""
        try:
            return b"".join([piece async for piece in self.pieces()])
        finally:
            self.close()

    def close(self) -> None:
        """Give up what is left of the body; nothing where it was read."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Connections:
    """Requests to one worker. Each has a connection to itself, so nothing waits behind a large body."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._idle: list[_Connection] = []
        self._closed = False

    async def request(self, head: dict[str, Any], body: AsyncIterator[bytes] | None = None) -> LinkReply:
        """Send a request and return its reply as soon as the reply's head is there.

        Raises `BrokenLink` when the worker goes away before that; what `body` raises passes through.
        """
        connection = await self._connection()
        try:
            await connection.send(head, body)
            reply = await connection.receive_head()
        except BaseException:
            connection.close()
            raise
        return LinkReply(reply, connection, self._release)

    def _release(self, connection: _Connection) -> None:
        if self._closed or len(self._idle) >= MOST_IDLE:
            connection.close()
        else:
            self._idle.append(connection)

    async def _connection(self) -> _Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.usable:
                return connection
            connection.close()
        return await _Connection.open(self.address)

    def close(self) -> None:
        """Close what is idle now, and the rest when it is done."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()


class _Connection:
    """One open socket; it carries one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, address: str) -> _Connection:
        place = split_address(address)
        try:
            if isinstance(place, tuple):
                reader, writer = await asyncio.open_connection(*place, limit=_GATHERED_BYTES)
                writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            else:
                reader, writer = await asyncio.open_unix_connection(place, limit=_GATHERED_BYTES)
        except OSError as error:
            raise BrokenLink(f"no worker listens at its address ({error})") from error
        return cls(reader, writer)

    @property
    def usable(self) -> bool:
        return not (self._reader.at_eof() or self._writer.is_closing())

    def close(self) -> None:
        self._writer.close()

    async def send(self, head: dict[str, Any], body: AsyncIterator[bytes] | None) -> None:
        """Send a message as its body comes, no faster than the worker takes it."""
        gathered, size = [pack_head(head)], 0
        if body is not None:
            async for piece in body:
                for start in range(0, len(piece), CHUNK_BYTES):
                    chunk = piece[start : start + CHUNK_BYTES]
                    gathered += (frame(chunk), chunk)
                    size += len(chunk)
                if size >= _GATHERED_BYTES:
                    await self._write(gathered)
                    gathered, size = [], 0
        await self._write([*gathered, END])

    async def _write(self, pieces: list[bytes]) -> None:
        try:
            self._writer.writelines(pieces)
            await self._writer.drain()
        except OSError as error:
            raise BrokenLink(f"the worker went away in the middle of a request ({error})") from error

    async def receive_head(self) -> dict[str, Any]:
        size = frame_length(await self._exactly(4), HEAD_BYTES)
        return unpack_head(await self._exactly(size))

    async def receive_body(self) -> AsyncIterator[bytes]:
        """The pieces of a body as they come, which are not always whole chunks."""
        while size := frame_length(await self._exactly(4), CHUNK_BYTES):
            while size:
                piece = await self._read(size)
                size -= len(piece)
                yield piece

    async def _exactly(self, size: int) -> bytes:
        try:
            return await self._reader.readexactly(size)
        except (OSError, asyncio.IncompleteReadError) as error:
            raise BrokenLink("the worker went away in the middle of a reply") from error

    async def _read(self, most: int) -> bytes:
        try:
            piece = await self._reader.read(most)
        except OSError as error:
            raise BrokenLink("the worker went away in the middle of a reply") from error
        if not piece:
            raise BrokenLink("the worker went away in the middle of a reply")
        return piece
