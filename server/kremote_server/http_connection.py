"""A client's HTTP connection: uvicorn's, with less to write for a small reply and a way past the gateway for a body."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

#: Where an ASGI scope has its `Client`.
CLIENT = "kremote.client"


class HttpConnection(HttpToolsProtocol):
    """uvicorn's protocol, whose requests have a `Client` among their scope's extensions."""

    def on_headers_complete(self) -> None:
        """Begin a request, as uvicorn does."""
        before = self.cycle
        super().on_headers_complete()
        if self.cycle is not None and self.cycle is not before:
            client = Client(self, self.cycle)
            self.cycle.transport = cast(asyncio.Transport, client.writer)
            cast(Any, self.scope)["extensions"] = {CLIENT: client}


class ReplyWriter:
    """The transport as one request sees it: the head of a reply waits for the first piece of its body.

    Two writes would be two system calls, and wake the client twice.
    """

    def __init__(self, transport: asyncio.Transport, cycle: RequestResponseCycle) -> None:
        self._transport = transport
        self._cycle = cycle
        self._waiting = cycle.scope["method"] != "HEAD"
        self._head = b""
        self.is_closing = transport.is_closing

    def write(self, data: bytes) -> None:
        """Write, or keep a reply's head for the next write."""
        if self._waiting and self._cycle.response_started:
            self._waiting, self._head = False, data
            return
        if self._head and len(data) < 1 << 16:
            self._head, data = b"", self._head + data
        self.flush()
        self._transport.write(data)

    def flush(self) -> None:
        """Write the head now."""
        head, self._head = self._head, b""
        if head:
            self._transport.write(head)

    def close(self) -> None:
        """Close the connection when all is written."""
        self.flush()
        self._transport.close()


class Client:
    """One request's hold of the connection, for a worker to read a body from, or to write one to."""

    def __init__(self, connection: HttpConnection, cycle: RequestResponseCycle) -> None:
        self._connection = connection
        self._cycle = cycle
        self.writer = ReplyWriter(connection.transport, cycle)

    @property
    def descriptor(self) -> int | None:
        """The connection's descriptor, None where only the gateway can read it: TLS, a closed one."""
        transport = self._connection.transport
        if transport.get_extra_info("sslcontext") is not None or transport.is_closing():
            return None
        return int(transport.get_extra_info("socket").fileno())

    def take_body(self) -> bytes | None:
        """Stop reading, and give what came of the body; None where it came whole, or its sender waits to be asked."""
        cycle = self._cycle
        if cycle.waiting_for_100_continue or not cycle.more_body or self._connection.cycle is not cycle:
            return None
        self._connection.flow.pause_reading()
        received, cycle.body = bytes(cycle.body), bytearray()
        cycle.message_event.clear()
        return received

    def body_taken(self) -> None:
        """The rest of the body was read elsewhere: go on with the next request."""
        self._connection.parser = httptools.HttpRequestParser(self._connection)
        self._cycle.more_body = False

    def body_lost(self) -> None:
        """Nobody knows how much of the body is still to come, so this request is the connection's last."""
        self._cycle.keep_alive = False

    def leave(self) -> None:
        """The client has gone: end the connection without an answer."""
        self._cycle.disconnected = True
        self._connection.transport.close()

    async def head_written(self) -> None:
        """Wait until the reply's head is with the operating system, so that its body can follow from elsewhere."""
        self.writer.flush()
        transport = self._connection.transport
        while transport.get_write_buffer_size() and not transport.is_closing():
            await asyncio.sleep(0.001)

    def body_written(self, length: int) -> None:
        """The reply's body was written elsewhere."""
        self._cycle.expected_content_length -= length
