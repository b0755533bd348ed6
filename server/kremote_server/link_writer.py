"""What a worker writes: replies to the link, and bodies that go past the gateway."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from typing import Any

from .framing import CHUNK_BYTES, DIRECT_BYTES, END, HEAD_BYTES, frame, pack_head
from .link_messages import Reply
from .link_reader import ClientGone, Reader


def send_reply(connection: socket.socket, reader: Reader, asked: dict[str, Any], reply: Reply) -> None:
    """Send a reply over the link, or its body to the client itself where `asked` offers that and it is large."""
    pieces, length = reply.measured()
    head: dict[str, Any] = {"status": reply.status, "content_type": reply.content_type, "headers": reply.headers}
    if reply.timing:
        head["timing"] = reply.timing
    if length is not None:
        head["length"] = length
    if length is not None and length <= HEAD_BYTES:
        # One system call for the common small reply.
        connection.sendall(pack_head(head) + b"".join(_framed(pieces)) + END)
        return
    if asked.get("send") and reader.client is not None and length is not None and length >= DIRECT_BYTES:
        connection.sendall(pack_head({**head, "direct": True}))
        reader.exactly(len(END))  # the gateway has sent the reply's head to the client
        send_to_client(reader.client, pieces)
    else:
        connection.sendall(pack_head(head))
        for piece in _framed(pieces):
            connection.sendall(piece)
    connection.sendall(END)


def send_to_client(client: socket.socket, pieces: Iterable[bytes | memoryview]) -> None:
    """Write to the client's connection; raises `ClientGone`."""
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
