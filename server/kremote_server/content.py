"""Content types: what a request's body is, and what its sender wants back."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from starlette.responses import Response

from kremote_proto import codec
from kremote_proto.codec import JSON, MSGPACK
from kremote_proto.compression import ENCODING
from kremote_proto.errors import KremoteError, MalformedRequest, Unavailable

OCTETS = "application/octet-stream"
NPY = "application/x-npy"

#: The types of structured bodies, and of tensors as bytes.
STRUCTURED = (MSGPACK, JSON)
RAW = (OCTETS, NPY)

#: How long a client may wait before it asks again while a worker starts.
RETRY_AFTER = "1"

_ALIASES = {
    "application/x-msgpack": MSGPACK,
    "application/vnd.msgpack": MSGPACK,
    "application/npy": NPY,
    "text/html": JSON,  # a browser: its person reads JSON more easily than MessagePack
}


class UnsupportedContent(MalformedRequest):
    """A body of a type that its address does not take."""

    status: ClassVar[int] = 415


def media_type(header: str | None) -> str:
    """A content type without its parameters, under its usual name.

    >>> media_type("application/json; charset=utf-8")
    'application/json'
    """
    name = (header or "").partition(";")[0].strip().lower()
    return _ALIASES.get(name, name)


def body_encoding(headers: Mapping[str, str], allowed: Iterable[str] = ()) -> str | None:
    """How a request's body is compressed, None where it is not; raises `UnsupportedContent`.

    >>> body_encoding({"content-encoding": "GZip"}, ENCODINGS)
    'gzip'
    """
    name = headers.get("content-encoding", "identity").strip().lower()
    if name == "identity":
        return None
    if name not in allowed:
        expected = f"of content-encoding {' or '.join(allowed)}, or of none" if allowed else "without content-encoding"
        raise UnsupportedContent(f"expected a body {expected}; got {name[:40]!r}", hint="send the body as it is")
    return name


def reply_encoding(headers: Mapping[str, str]) -> str | None:
    """How a reply may be compressed. Libraries that take whatever comes name several: they know of no slow link.

    >>> reply_encoding({"accept-encoding": "deflate"})
    'deflate'
    >>> reply_encoding({"accept-encoding": "gzip, deflate"})
    """
    return ENCODING if headers.get("accept-encoding", "").strip().lower() == ENCODING else None


def body_type(headers: Mapping[str, str], allowed: tuple[str, ...] = STRUCTURED) -> str:
    """The type of a request's body, the first allowed one where it says none; raises `UnsupportedContent`."""
    name = media_type(headers.get("content-type"))
    if not name:
        return allowed[0]
    if name not in allowed:
        raise UnsupportedContent(
            f"expected a body of {' or '.join(allowed)}; got content-type {name[:60]!r}",
            hint="set the content-type header to what the body is",
        )
    return name


def reply_type(headers: Mapping[str, str], allowed: tuple[str, ...] = STRUCTURED, default: str | None = None) -> str:
    """The type of the reply: an explicit Accept wins, then `default`, then the body's type, then MessagePack.

    >>> reply_type({"accept": "application/json"})
    'application/json'
    >>> reply_type({"accept": "*/*", "content-type": "application/json"})
    'application/json'
    """
    for name in _accepted(headers.get("accept", "")):
        if name in allowed:
            return name
    if default is not None:
        return default
    name = media_type(headers.get("content-type"))
    return name if name in STRUCTURED else MSGPACK


@functools.lru_cache(256)
def _accepted(header: str) -> tuple[str, ...]:
    """The types of an Accept header, the most wanted first."""
    ranked = []
    for position, entry in enumerate(header.split(",")):
        name, _, parameters = entry.partition(";")
        ranked.append((-_quality(parameters), position, media_type(name)))
    return tuple(name for quality, _, name in sorted(ranked) if quality < 0)


def _quality(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def reply(value: Any, headers: Mapping[str, str], status: int = 200) -> Response:
    """A reply in the type its asker wants."""
    content_type = reply_type(headers)
    return Response(codec.encode(value, content_type), status, media_type=content_type)


def error_response(error: KremoteError, headers: Mapping[str, str]) -> Response:
    """An error in its one shape, with the headers HTTP wants beside it."""
    response = reply({"error": error.to_wire()}, headers, error.status)
    if error.status == 401:
        response.headers["www-authenticate"] = 'Bearer realm="kremote"'
    if error.status in (429, 503):
        seconds = error.retry_after if isinstance(error, Unavailable) else 1.0
        response.headers["retry-after"] = str(math.ceil(seconds))
    return response
