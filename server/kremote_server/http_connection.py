"""A client's HTTP connection: uvicorn's, with less to write for a small reply and a way past the gateway for a body."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from kremote_proto import codec
from kremote_proto.errors import KremoteError, MalformedRequest, Unavailable

from .content import RETRY_AFTER
from .head_pattern import head_of, is_repeatable, without_varying
from .http_reply import ALWAYS, reply_headers, written_head
from .leases import Lease

#: A request that came so often in a row is likely to come again.
_TIMES = 3
#: The longest head of a request; what an address takes of it is less.
_MOST_HEAD_BYTES = 1 << 17
#: How long a refused client may go on sending.
_LINGER_SECONDS = 1.0
#: Where an ASGI scope has its `Client`.
CLIENT = "kremote.client"


@dataclass(frozen=True)
class Bounds:
    """What clients may take of a server before they are known."""

    #: How long the head of a request may take.
    head_seconds: float = 30.0
    #: How many connections there are at once.
    connections: int = 1 << 30


class HttpConnection(HttpToolsProtocol):
    """uvicorn's protocol, whose requests have a `Client` among their scope's extensions, and which may be lent."""

    def __init__(self, *arguments: Any, bounds: Bounds | None = None, **options: Any) -> None:
        """Be a connection on which nothing came yet."""
        super().__init__(*arguments, **options)
        self._bounds = bounds or Bounds()
        #: While a head is waited for: when it is late, how much came of it, and whether anything did.
        self._head_timer: asyncio.TimerHandle | None = None
        self._head_bytes, self._in_head = 0, False
        self._refused = False
        self._between_messages = True
        #: The head of the last request as it was received, and how often it came in a row.
        self.head = self._common = b""
        self.times = 0
        #: What is to begin when the request that is being answered is, and what began.
        self.lend: Lease | None = None
        self._lease: Lease | None = None
        self._ending = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, as uvicorn does."""
        super().connection_made(cast(asyncio.Transport, transport))
        if len(self.connections) > self._bounds.connections:
            # Those that are here go on: without a descriptor to spare no worker could be reached for them either.
            self._say(503, Unavailable(f"expected at most {self._bounds.connections} connections; got one more"))
            self.transport.close()
        else:
            self._expect_head()

    def connection_lost(self, error: Exception | None) -> None:
        """End, as uvicorn does."""
        self._head_came()
        super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        """Take what was received, as uvicorn does."""
        if self._refused:
            return
        if self._between_messages:
            head, before = head_of(data), self._common
            self.head, self._common = head, without_varying(head)
            self.times = self.times + 1 if head and self._common == before else 1
        super().data_received(data)
        if self.cycle is not None and self.cycle.response_complete:
            self._wait_on()
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > _MOST_HEAD_BYTES:
                self._refuse(431, f"expected a head of at most {_MOST_HEAD_BYTES} bytes; got more")

    def _wait_on(self) -> None:
        """What came after a reply is a part of the next head, or of a body that nobody reads."""
        if self._in_head:
            self._expect_head()
        else:
            self._be_idle()

    def _be_idle(self) -> None:
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    def _expect_head(self) -> None:
        """Wait for a head no longer than one may take: a byte now and then would hold a connection for ever."""
        if self._head_timer is None and not self.transport.is_closing():
            self._head_timer = self.loop.call_later(self._bounds.head_seconds, self._head_is_late)

    def _head_came(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_is_late(self) -> None:
        seconds = self._bounds.head_seconds
        self._refuse(408, f"expected the head of a request within {seconds:g} seconds; got a part of one")

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP."""
        self._refuse(400, "expected a request of HTTP/1.1; got something else, or a head with a contradiction in it")

    def _refuse(self, status: int, message: str) -> None:
        """Say why, where something was asked, and end the connection."""
        self._head_came()
        if self.transport.is_closing():
            return
        if self._head_bytes or status == 400:
            self._say(status, MalformedRequest(message))
        self._end()

    def _say(self, status: int, error: KremoteError) -> None:
        body = codec.encode({"error": error.to_wire()}, codec.JSON)
        more = {"connection": "close", **({"retry-after": RETRY_AFTER} if status == 503 else {})}
        headers = reply_headers(status, codec.JSON, len(body), more)
        self.transport.write(written_head(status, [*headers, *ALWAYS]) + body)

    def _end(self) -> None:
        """End the connection; what still comes is read for a moment, or the reply would be lost with it."""
        self._refused = True
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.transport.can_write_eof():
            self.transport.write_eof()
            self.loop.call_later(_LINGER_SECONDS, self.transport.close)
        else:
            self.transport.close()

    def on_message_begin(self) -> None:
        """Begin a message, as uvicorn does."""
        self._between_messages, self._in_head, self._head_bytes = False, True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Begin a request, as uvicorn does."""
        self._in_head = False
        self._head_came()
        before = self.cycle
        super().on_headers_complete()
        if self.cycle is not None and self.cycle is not before:
            client = Client(self, self.cycle)
            self.cycle.transport = cast(asyncio.Transport, client.writer)
            cast(Any, self.scope)["extensions"] = {CLIENT: client}

    def on_message_complete(self) -> None:
        """End a message, as uvicorn does."""
        self._between_messages = True
        super().on_message_complete()

    def body_taken(self) -> None:
        """What is received next begins a message."""
        self.parser = httptools.HttpRequestParser(self)
        self._between_messages = True

    def on_response_complete(self) -> None:
        """Go on to the next request, as uvicorn does, or lend the connection."""
        alone = not self.pipeline  # what came already is another request, which begins now
        super().on_response_complete()
        lease, self.lend = self.lend, None
        written = not self.transport.is_closing() and not self.transport.get_write_buffer_size()
        if lease is not None and written and alone and self._between_messages:
            self._unset_keepalive_if_required()
            self.flow.pause_reading()
            self._lease = lease
            task = self.loop.create_task(self._lend(lease))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def _lend(self, lease: Lease) -> None:
        """Have the worker answer on this connection, until it hands it back."""
        try:
            handed_back = await lease.run(self.head, descriptor_of(self.transport))
        except KremoteError:
            # Nobody knows what the worker had begun. The client asks again on a new connection, and is told there.
            self.transport.close()
            return
        except BaseException:
            self.transport.close()
            raise
        self._lease = None
        if handed_back.gone or self._ending:
            self.transport.close()
        else:
            self._resume(handed_back.unanswered)
        await lease.record(handed_back.records)

    def _resume(self, received: bytes) -> None:
        self.flow.resume_reading()
        if received:
            self.data_received(received)
        else:
            self._be_idle()

    def shutdown(self) -> None:
        """End the connection when it is not in use, as uvicorn does."""
        if self._lease is None:
            super().shutdown()
        else:
            self._ending = True
            self._lease.recall()


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


def descriptor_of(transport: asyncio.Transport) -> int:
    """The descriptor of a connection."""
    return int(transport.get_extra_info("socket").fileno())


class Client:
    """One request's hold of the connection, for a worker to read a body from, or to write one to."""

    def __init__(self, connection: HttpConnection, cycle: RequestResponseCycle) -> None:
        self._connection = connection
        self._cycle = cycle
        self.writer = ReplyWriter(connection.transport, cycle)

    @property
    def comes_again(self) -> bool:
        """Whether this request is likely to come again, and the connection can be lent for that."""
        connection = self._connection
        known = connection.times >= _TIMES and connection.cycle is self._cycle and is_repeatable(connection.head)
        return known and self.descriptor is not None

    def lend(self, lease: Lease) -> None:
        """Lend the connection as soon as this request is answered."""
        self._connection.lend = lease

    @property
    def descriptor(self) -> int | None:
        """The connection's descriptor, None where only the gateway can read it: TLS, a closed one."""
        transport = self._connection.transport
        if transport.get_extra_info("sslcontext") is not None or transport.is_closing():
            return None
        return descriptor_of(transport)

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
        self._connection.body_taken()
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
