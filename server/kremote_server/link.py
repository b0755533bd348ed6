"""The worker's side of the link: requests received, answered by a handler, and replied to."""

from __future__ import annotations

import errno
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from kremote_proto import codec
from kremote_proto.errors import InternalError, KremoteError

from .framing import (
    CHUNK_BYTES,
    CLIENT_GONE,
    DIRECT_BYTES,
    END,
    HEAD_BYTES,
    BrokenLink,
    frame,
    pack_head,
    split_address,
)
from .link_reader import ClientGone, Reader, receive_body

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Request:
    """One request as the worker gets it."""

    head: dict[str, Any]
    #: The HTTP body in one writable buffer of the request's own, aligned for tensors to be made of it without a copy.
    body: memoryview
    #: How many seconds it waited for its turn, where the handler makes it wait.
    queued: float = 0.0


@dataclass(slots=True)
class Reply:
    """What the worker answers. A body in pieces is sent as it is made; give its `length` where it is known."""

    status: int = 200
    content_type: str = codec.MSGPACK
    body: bytes | bytearray | memoryview | Iterable[bytes | memoryview] = b""
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    #: How many milliseconds the request waited for its turn, and was worked on.
    timing: dict[str, float] = field(default_factory=dict)


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
        reader = Reader(connection)
        try:
            while (head := reader.head()) is not None:
                reply = _answer(reader, head, handle, most_body_bytes)
                _send(connection, reader, head, reply)
                reader.close()
        except ClientGone as error:
            log.info("%s", error)
        except BrokenLink as error:
            log.warning("a connection of the link broke: %s", error)
        except OSError as error:
            log.info("a peer of the link went away: %s", error)
        except Exception:
            # Only a reply's own pieces can raise here. Ending the connection tells the peer that it is incomplete.
            log.exception("a reply could not be completed")
        finally:
            reader.close()


def _answer(reader: Reader, head: dict[str, Any], handle: Handler, most_body_bytes: int) -> Reply:
    accept = head.get("accept")
    try:
        body = receive_body(reader, head, most_body_bytes)
        request, began = Request(head, body), time.perf_counter()
        reply = handle(request)
        seconds = time.perf_counter() - began
        reply.timing = {"queue": request.queued * 1e3, "compute": (seconds - request.queued) * 1e3}
        return reply
    except ClientGone as error:
        log.info("%s", error)
        return Reply(CLIENT_GONE)
    except BrokenLink:
        raise
    except KremoteError as error:
        return error_reply(error, accept)
    except Exception as error:
        log.exception("a request of route %s failed", head.get("route"))
        return error_reply(InternalError(f"the worker failed with {type(error).__name__}; its log says where"), accept)


def _send(connection: socket.socket, reader: Reader, asked: dict[str, Any], reply: Reply) -> None:
    pieces, length, small = reply.body, reply.length, False
    if isinstance(pieces, bytes | bytearray | memoryview):
        length = memoryview(pieces).nbytes
        pieces, small = [memoryview(pieces)], length <= HEAD_BYTES
    head: dict[str, Any] = {"status": reply.status, "content_type": reply.content_type, "headers": reply.headers}
    if reply.timing:
        head["timing"] = reply.timing
    if length is not None:
        head["length"] = length
    if small:
        # One system call for the common small reply.
        connection.sendall(pack_head(head) + b"".join(_framed(pieces)) + END)
        return
    if asked.get("send") and reader.client is not None and length is not None and length >= DIRECT_BYTES:
        connection.sendall(pack_head({**head, "direct": True}))
        reader.exactly(len(END))  # the gateway has sent the reply's head to the client
        _send_direct(reader.client, pieces)
    else:
        connection.sendall(pack_head(head))
        for piece in _framed(pieces):
            connection.sendall(piece)
    connection.sendall(END)


def _send_direct(client: socket.socket, pieces: Iterable[bytes | memoryview]) -> None:
    for piece in pieces:
        view = memoryview(piece).cast("B")
        try:
            while view:
                view = view[client.send(view) :]
        except OSError as error:
            raise ClientGone("the client went away in the middle of a reply") from error


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
