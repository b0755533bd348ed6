"""Bodies that came compressed, and replies that may go so."""

from __future__ import annotations

from dataclasses import replace

from kremote_proto.codec import JSON, MSGPACK
from kremote_proto.compression import deflated, inflated

from ..link_messages import Reply, Request
from .limits import Limits


def decompress(request: Request, limits: Limits) -> None:
    """Put the whole body in the place of a compressed one; raises `LimitExceeded` and `MalformedRequest`."""
    encoding = request.head.pop("encoding", None)
    if encoding is not None:
        most = min(limits.inflated_bytes, limits.body_bytes)
        if request.head.get("content_type", MSGPACK) in (MSGPACK, JSON):
            most = min(most, limits.structured_bytes)
        request.body = memoryview(inflated(request.body, str(encoding), most))


def compressed(request: Request, reply: Reply) -> Reply:
    """The reply, with a smaller body where its asker takes one and it is worth it."""
    encoding, body = request.head.get("accept_encoding"), reply.body
    if encoding is None or not isinstance(body, bytes | bytearray | memoryview):
        return reply
    small = deflated([memoryview(body)], memoryview(body).nbytes)
    if small is None:
        return reply
    return replace(reply, body=small, length=None, headers={**reply.headers, "Content-Encoding": encoding})
