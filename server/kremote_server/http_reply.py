"""The headers of a worker's reply over HTTP, whoever writes them: the gateway, or the worker itself."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from email.utils import formatdate
from http import HTTPStatus

Headers = list[tuple[bytes, bytes]]

#: What every reply says.
ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
)
#: What a reply says besides that a browser might show: it loads nothing, and no page frames it.
FOR_PAGES = (
    *ALWAYS,
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}


def reply_headers(status: int, content_type: str, length: int | None, more: Mapping[str, str]) -> Headers:
    """What a worker's reply says of its body, and its own further headers."""
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in more.items()]
    if status != 204:
        headers.append((b"content-type", content_type.encode("latin-1")))
        if length is not None:
            headers.append((b"content-length", b"%d" % length))
    return headers


def completed(
    headers: Iterable[tuple[bytes, bytes]], identifier: str, always: Iterable[tuple[bytes, bytes]] = ALWAYS
) -> Headers:
    """A reply's headers with those that every reply has; its own stay."""
    own = list(headers)
    names = {name for name, _ in own}
    own.append((b"kremote-request-id", identifier.encode()))
    own += [header for header in always if header[0] not in names]
    return own


def server_timing(seconds: float, queue: float, compute: float) -> bytes:
    """The header of https://www.w3.org/TR/server-timing/; `gateway` is what the worker's milliseconds do not explain.

    >>> server_timing(0.0125, 4, 8)
    b'gateway;dur=0.500, queue;dur=4.000, compute;dur=8.000'
    """
    return b"gateway;dur=%.3f, queue;dur=%.3f, compute;dur=%.3f" % (seconds * 1e3 - queue - compute, queue, compute)


def written_head(status: int, headers: Headers) -> bytes:
    """The head of a reply as it is sent."""
    lines = [_STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status, b"date: ", _date()]
    for name, value in headers:
        lines += [b"\r\n", name, b": ", value]
    return b"".join([*lines, b"\r\n\r\n"])


_dated = (0, b"")


def _date() -> bytes:
    """The time as HTTP writes it, made once a second."""
    global _dated
    now = int(time.time())
    if _dated[0] != now:
        _dated = now, formatdate(now, usegmt=True).encode()
    return _dated[1]
