"""A lease's side in the worker: a client's connection, on which one request is answered again and again.

The gateway has let this very request in, and looks at what comes next again when the lease ends: soon, or as soon as
something else comes.
"""

from __future__ import annotations

import contextlib
import logging
import select
import socket
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from kremote_proto.codec import MSGPACK, encode

from .aligned_memory import aligned_bytes
from .framing import CLIENT_GONE, LEASE_REQUESTS
from .head_pattern import HeadPattern, Repetition
from .http_reply import completed, reply_headers, server_timing, written_head
from .link_messages import Reply
from .link_reader import ClientGone, Reader, receive_from_client
from .link_writer import send_reply, send_to_client

log = logging.getLogger(__name__)

_READ_BYTES = 1 << 16
#: A body that is not larger is sent together with its head.
_TOGETHER_BYTES = 1 << 16

#: A request's reply, by its head, what receives its body, and what sends another reply in its place.
Answer = Callable[[dict[str, Any], Callable[[], memoryview], Callable[[Reply], object]], Reply]


class Leased:
    """One lease. `busy` (being answered) and `over` belong to who answers it."""

    def __init__(
        self, link: socket.socket, reader: Reader, head: dict[str, Any], answer: Answer, most_body_bytes: int
    ) -> None:
        """Take what a head on the link says, and the client's connection that came with it."""
        self.client = reader.take_client()
        self.busy = self.over = False
        self._link = link
        self._reader = reader
        self._request: dict[str, Any] = head["request"]
        self._pattern = HeadPattern(head["head"])
        self._name = str(head["id"])
        #: How many requests it may have; the gateway keeps a user's bounds with it.
        self._requests = int(head.get("requests", LEASE_REQUESTS))
        self._answer = answer
        self._most = most_body_bytes
        #: What was received and not answered, and whether the client went away in the middle of a request.
        self._unanswered, self._gone = b"", False
        #: Of each request when it was answered (seconds since 1970), how long that took, its status, bytes in and out.
        self._records: list[tuple[float, float, int, int, int]] = []

    def wait(self, seconds: float) -> None:
        """Wait for so long, or until the gateway ends the message: it wants the connection back, or has it."""
        if not self._reader.buffered:
            ready = select.poll()
            ready.register(self._link, select.POLLIN)
            ready.poll(seconds * 1e3)

    def answer(self) -> bool:
        """Answer what came; whether the lease goes on."""
        try:
            return self._answer_next()
        except (ClientGone, OSError) as error:
            log.info("a client's connection broke: %s", error)
        except Exception:
            log.exception("a reply could not be completed")
        self._gone = True
        return False

    def hand_back(self) -> None:
        """Tell the gateway how it went; the connection is its own again."""
        self.client.close()
        told = {"unanswered": self._unanswered, "gone": self._gone, "records": self._records}
        with contextlib.suppress(OSError):  # the gateway went away, which its own connection tells
            send_reply(self._link, self._reader, {}, Reply(body=encode(told, MSGPACK)))

    def _answer_next(self) -> bool:
        began, received = time.perf_counter(), self.client.recv(_READ_BYTES)
        repetition = self._pattern.find(received)
        if repetition is None or not len(repetition.rest) <= repetition.length <= self._most:
            self._unanswered = received
            return False
        request = {**self._request, "length": repetition.length}
        if repetition.sequence is not None:
            request["sequence"] = repetition.sequence
        send = partial(self._send, began=began)
        reply = self._answer(request, partial(self._body, repetition), send)
        if reply.status == CLIENT_GONE:
            raise ClientGone("the client went away in the middle of a body")
        length = send(reply)
        self._records.append((time.time(), time.perf_counter() - began, reply.status, repetition.length, length))
        return len(self._records) < self._requests

    def _send(self, reply: Reply, *, began: float) -> int:
        """Send a reply to the client; the bytes of its body."""
        pieces = list(reply.measured()[0])
        length = sum(memoryview(piece).nbytes for piece in pieces)
        head = self._head(reply, length, time.perf_counter() - began)
        send_to_client(self.client, [b"".join([head, *pieces])] if length <= _TOGETHER_BYTES else [head, *pieces])
        return length

    def _body(self, repetition: Repetition) -> memoryview:
        body, beginning = aligned_bytes(repetition.length).data, repetition.rest
        body[: len(beginning)] = beginning
        receive_from_client(self.client, body[len(beginning) :])
        return body

    def _head(self, reply: Reply, length: int, seconds: float) -> bytes:
        headers = reply_headers(reply.status, reply.content_type, length, reply.headers)
        if reply.timing:
            headers.append((b"server-timing", server_timing(seconds, reply.timing["queue"], reply.timing["compute"])))
        return written_head(reply.status, completed(headers, f"{self._name}.{len(self._records) + 1}"))
