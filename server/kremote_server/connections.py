"""The gateway's side of the link: connections to one worker, and requests streamed over them."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from kremote_proto import codec

from .framing import (
    CHUNK_BYTES,
    END,
    HEAD_BYTES,
    BrokenLink,
    frame,
    frame_length,
    pack_head,
    split_address,
    unpack_head,
)

#: Connections kept open for later requests; more may be open at a busy moment. Each has a thread in the worker, which
#: waits there for the next.
MOST_IDLE = 128


@dataclass(frozen=True)
class Direct:
    """The client's connection itself, for the worker to read the rest of a body from, or to write one to."""

    #: The descriptor of the client's connection.
    descriptor: int
    #: What the gateway has received of the body.
    beginning: bytes = b""


@dataclass(frozen=True)
class Lent:
    """The client's connection itself, for the worker to answer on until the message is ended."""

    #: The descriptor of the client's connection.
    descriptor: int


#: A small body whole, a larger one as it comes, or where it is to be had.
Body: TypeAlias = bytes | AsyncIterator[bytes] | Direct | None

#: How much of a body is gathered for one write; a socket is not read while twice this waits.
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

    @property
    def timing(self) -> tuple[float, float] | None:
        """How many milliseconds the request waited for its turn, and was worked on, where the worker says it."""
        timing = self.head.get("timing")
        return (float(timing["queue"]), float(timing["compute"])) if timing else None

    @property
    def direct(self) -> bool:
        """Whether the worker writes the body to the client itself, as soon as `proceed` lets it."""
        return bool(self.head.get("direct"))

    async def proceed(self) -> None:
        """Let the worker write the body to the client; returns when it has. Raises `BrokenLink`."""
        assert self._connection is not None, "a body is sent once"
        await self._connection.write([END])
        await self.read()

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

    @property
    def shares_machine(self) -> bool:
        """Whether a client's connection can be passed to the worker."""
        return isinstance(split_address(self.address), str)

    async def request(self, head: dict[str, Any], body: Body = None) -> LinkReply:
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

    async def lend(self, head: dict[str, Any], client: Lent, recalled: asyncio.Event) -> LinkReply:
        """Lend the worker a client's connection until it gives it back, by itself or because it is recalled.

        Raises `BrokenLink` when the worker goes away before that.
        """
        connection = await self._connection()
        try:
            await connection.send(head, client)
            answer = asyncio.ensure_future(connection.receive_head())
            recall = asyncio.ensure_future(recalled.wait())
            try:
                await asyncio.wait((answer, recall), return_when=asyncio.FIRST_COMPLETED)
                await connection.write([END])
                reply = await answer
            finally:
                answer.cancel()
                recall.cancel()
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


class _Connection(asyncio.Protocol):
    """One open socket; it carries one request at a time."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._ended = False
        self._reading = self._writing = True
        self._waiter: asyncio.Future[None] | None = None
        self._transport: asyncio.Transport

    @classmethod
    async def open(cls, address: str) -> _Connection:
        place, loop = split_address(address), asyncio.get_running_loop()
        try:
            if isinstance(place, tuple):
                transport, connection = await loop.create_connection(cls, *place)
                transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            else:
                _, connection = await loop.create_unix_connection(cls, place)
        except OSError as error:
            raise BrokenLink(f"no worker listens at its address ({error})") from error
        return connection

    @property
    def usable(self) -> bool:
        return not (self._ended or self._received or self._transport.is_closing())

    def close(self) -> None:
        self._transport.close()

    # What the event loop tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:

        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if len(self._received) > 2 * _GATHERED_BYTES and self._reading:
            self._reading = False
            self._transport.pause_reading()
        self._wake()

    def pause_writing(self) -> None:
        self._writing = False

    def resume_writing(self) -> None:
        self._writing = True
        self._wake()

    def eof_received(self) -> None:
        self._ended = True
        self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        self._ended = True
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _change(self) -> None:
        """Wait until something was received, may be written again, or the connection ended."""
        self._waiter = asyncio.get_running_loop().create_future()
        await self._waiter

    async def send(self, head: dict[str, Any], body: Body | Lent) -> None:
        """Send a message as its body comes, no faster than the worker takes it. What lends has no end yet."""
        gathered, size = [pack_head(head)], 0
        if isinstance(body, Lent):
            await self.write([self._send_with_descriptor(gathered[0], body.descriptor)])
            return
        if isinstance(body, Direct):
            gathered = [self._send_with_descriptor(gathered[0], body.descriptor), *_chunks(body.beginning)]
        elif isinstance(body, bytes):
            gathered += _chunks(body)
        elif body is not None:
            async for piece in body:
                gathered += _chunks(piece)
                size += len(piece)
                if size >= _GATHERED_BYTES:
                    await self.write(gathered)
                    gathered, size = [], 0
        await self.write([*gathered, END])

    def _send_with_descriptor(self, head: bytes, descriptor: int) -> bytes:
        """Send a head with a descriptor beside it, past the event loop, which has no way to; what is left of it."""
        link = socket.socket(fileno=os.dup(self._transport.get_extra_info("socket").fileno()))
        try:
            return head[socket.send_fds(link, [head], [descriptor]) :]
        except OSError as error:
            raise BrokenLink(f"the worker went away before a request ({error})") from error
        finally:
            link.close()

    async def write(self, pieces: list[bytes]) -> None:
        if self._ended:
            raise BrokenLink("the worker went away before a request")
        # One system call either way; joining is cheaper where there is little to join.
        if sum(map(len, pieces)) <= _GATHERED_BYTES:
            self._transport.write(b"".join(pieces))
        else:
            self._transport.writelines(pieces)
        while not (self._writing or self._ended):
            await self._change()
        if self._ended:
            raise BrokenLink("the worker went away in the middle of a request")

    async def receive_head(self) -> dict[str, Any]:
        size = frame_length(await self._exactly(4), HEAD_BYTES)
        return unpack_head(await self._exactly(size))

    async def receive_body(self) -> AsyncIterator[bytes]:
        """The pieces of a body as they come, which are not always whole chunks."""
        while size := frame_length(await self._exactly(4), CHUNK_BYTES):
            while size:
                await self._more(1)
                piece = self._taken(size)
                size -= len(piece)
                yield piece

    async def _exactly(self, size: int) -> bytes:
        await self._more(size)
        return self._taken(size)

    async def _more(self, least: int) -> None:
        """Wait until as much has been received."""
        while len(self._received) < least:
            if self._ended:
                raise BrokenLink("the worker went away in the middle of a reply")
            if not self._reading:
                self._reading = True
                self._transport.resume_reading()
            await self._change()

    def _taken(self, most: int) -> bytes:
        taken = bytes(self._received) if len(self._received) <= most else bytes(self._received[:most])
        del self._received[:most]
        return taken


def _chunks(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), CHUNK_BYTES):
        chunk = data[start : start + CHUNK_BYTES]
        yield frame(chunk)
        yield chunk
