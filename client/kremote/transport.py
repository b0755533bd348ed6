"""Requests to a server: retries, bulk bytes, and what its refusals mean."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar
from urllib.parse import urlencode

import numpy as np

from kremote_proto.codec import JSON, MSGPACK, decode, encode
from kremote_proto.compression import ENCODING, ENCODINGS, deflated, inflated
from kremote_proto.dtypes import dtype_name, from_bfloat16_bits, wire_dtype
from kremote_proto.errors import (
    ConnectionFailed,
    Forbidden,
    KremoteError,
    MalformedRequest,
    SessionLost,
    Unauthorized,
    UnknownSession,
    error_from_wire,
)
from kremote_proto.tensors import Array, tensor_from_wire

from .address import Address
from .connection import Piece
from .direct import Direct
from .octets import Octets
from .profiling.events import exchanged
from .reply import Reply
from .unreachable import TryAgain, https

if TYPE_CHECKING:
    import httpx

    from .proxied import Proxied

T = TypeVar("T")

OCTETS = "application/octet-stream"
#: Statuses of a server that takes no more requests now, or that starts or moves behind a proxy.
_TRANSIENT_STATUSES = (429, 502, 503, 504)
_LONGEST_WAIT = 5.0
#: What to do in Python, in the place of the server's advice, which is for any client.
_HINTS: Mapping[type[KremoteError], str] = {
    Unauthorized: "K.connect(url, token=...) takes the token that `kremote serve` or `kremote token create` printed; "
    "so does KREMOTE_TOKEN",
    Forbidden: "what a token may do is said where it is made: the server's owner gives you another (K.connect, "
    "KREMOTE_TOKEN)",
    UnknownSession: "somebody left it, or the server was started anew: K.clear_session() begins a new one, after which "
    "your code runs again from its start; `kremote sessions` lists yours",
    SessionLost: "K.clear_session() begins a new one, after which your code runs again from its start",
}


class Transport:
    """One server's HTTP connections. Any thread may use it."""

    def __init__(
        self,
        address: Address,
        *,
        timeout: float,
        connect_timeout: float,
        retry_seconds: float,
        compress: bool = False,
        handler: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.address = address
        self._timeout = timeout
        self._connect_timeout = connect_timeout
        self._retry_seconds = retry_seconds
        #: Whether bodies are compressed where that is worth it, and how large one may be then for this server.
        self.compress = compress
        self.inflated_bytes = 0
        self._handler = handler
        self._sleep = sleep
        self._way: Direct | Proxied | None = None
        self._lock = threading.Lock()
        #: Requests answered and bytes of bodies, both ways.
        self.requests = self.bytes_sent = self.bytes_received = 0

    def renew(self) -> None:
        """Let go of the connections: after a fork they are the parent's to use."""
        self._lock = threading.Lock()
        self.close()

    def close(self) -> None:
        """Close the connections; a later request opens new ones."""
        way, self._way = self._way, None
        if way is not None:
            way.close()

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        sequence: str | None = None,
        patient: bool = True,
        retry_seconds: float | None = None,
    ) -> dict[str, Any]:
        """The reply's map to a request with a body of plain values, or, in a tuple, of pieces of MessagePack.

        With `patient=False` a server that cannot be reached is an error at once; one that is not ready is waited for.
        """
        pieces = body if isinstance(body, tuple) else () if body is None else (encode(body),)
        if self.compress:
            pieces = (b"".join(pieces),)
        headers = {"content-type": MSGPACK, "accept": MSGPACK} | _sequence_header(sequence)
        packed = self._packed(headers, pieces, sum(map(len, pieces))) if pieces else ()
        return self._retried(lambda: self._exchanged(method, path, headers, packed), patient, retry_seconds)

    def upload(self, path: str, array: Array, *, sequence: str, digest: str | None = None, empty: bool = False) -> None:
        """PUT an array's own memory; with its SHA-256 the server keeps it, and has it again from an `empty` body.

        Raises `UnknownContent` where the server has it no more.
        """
        octets = Octets(array)
        about = {"dtype": dtype_name(array.dtype), "shape": ",".join(map(str, array.shape))}
        query = urlencode(about if digest is None else {**about, "sha256": digest}, safe=",")
        headers = {"content-type": OCTETS, "content-length": "0", "accept": MSGPACK} | _sequence_header(sequence)
        packed = () if empty else self._packed(headers, octets, octets.length)
        self._retried(lambda: self._exchanged("PUT", f"{path}?{query}", headers, packed))

    def download(self, path: str, *, item: int | None, dtype: str) -> Array:
        """GET an array, read straight into its memory."""
        target = path if item is None else f"{path}?item={item}"
        accept = MSGPACK if dtype == "string" else OCTETS

        def attempt() -> Array:
            began = time.perf_counter()
            headers = {"accept": accept, "accept-encoding": self._encoding}
            with self._connected().exchange("GET", target, headers) as reply:
                if reply.status >= 300 or accept == MSGPACK:
                    array = np.asarray(tensor_from_wire(self._map_in(reply, _whole(reply))))
                else:
                    array = _array_of(reply)
                self._count(began, 0, array.nbytes, reply.headers)
                return array

        return self._retried(attempt)

    def _connected(self) -> Direct | Proxied:
        """The way to the server, which is made when it is first gone."""
        return self._way or self._new_way()

    def _new_way(self) -> Direct | Proxied:
        with self._lock:
            if self._way is not None:
                return self._way
            options = {"timeout": self._timeout, "connect_timeout": self._connect_timeout}
            if self._handler is not None or self.address.has_proxy:
                from .proxied import Proxied  # httpx takes 0.1 s to import

                self._way = Proxied(self.address, **options, handler=self._handler)
            else:
                self._way = Direct(self.address, **options)
            return self._way

    def _exchanged(self, method: str, path: str, headers: Mapping[str, str], body: Iterable[Piece]) -> dict[str, Any]:
        began = time.perf_counter()
        with self._connected().exchange(method, path, {**headers, "accept-encoding": self._encoding}, body) as reply:
            content = _whole(reply)
        self._count(began, int(headers.get("content-length", 0)), len(content), reply.headers)
        return self._map_in(reply, content)

    @property
    def traffic(self) -> dict[str, int]:
        """Requests answered, and the bytes of their bodies as they went over the wire."""
        sent, received = self.bytes_sent, self.bytes_received
        return {"requests": self.requests, "bytes_sent": sent, "bytes_received": received}

    @property
    def _encoding(self) -> str:
        """What is told of how replies may be compressed."""
        return ENCODING if self.compress else "identity"

    def _packed(self, headers: dict[str, str], body: Iterable[Piece], length: int) -> Iterable[Piece]:
        """The body to send, compressed where that is wished for, taken and worth it; the headers say how long it is."""
        small = deflated(body, length) if self.compress and length <= self.inflated_bytes else None
        headers["content-length"] = str(length if small is None else len(small))
        if small is None:
            return body
        headers["content-encoding"] = ENCODING
        return (small,)

    def _count(self, began: float, sent: int, received: int, headers: Mapping[str, str]) -> None:
        if "content-encoding" in headers:  # the body that was made of it is larger
            received = int(headers.get("content-length", received))
        exchanged(began, sent, received, headers)
        self.requests += 1
        self.bytes_sent += sent
        self.bytes_received += received

    def _retried(self, attempt: Callable[[], T], patient: bool = True, retry_seconds: float | None = None) -> T:
        """What the attempt gives, tried again with growing pauses for as long as the settings allow."""
        began = time.monotonic()
        until = began + (self._retry_seconds if retry_seconds is None else retry_seconds)
        pause, tries = 0.05, 1
        while True:
            try:
                return attempt()
            except TryAgain as failure:
                wait = pause * random.uniform(0.75, 1.25) if failure.wait is None else failure.wait
                unreachable = isinstance(failure.error, ConnectionFailed)
                if (unreachable and not patient) or time.monotonic() + wait > until:
                    if tries > 1 and not unreachable:
                        tried = f"asked {tries} times in {time.monotonic() - began:.1f} s"
                        failure.error.message += f"; {tried} (KREMOTE_RETRY_SECONDS says for how long)"
                    raise failure.error from None  # httpx's own traceback would be 60 lines that say no more
            tries += 1
            self._sleep(wait)
            pause = min(pause * 2, _LONGEST_WAIT)

    def _map_in(self, reply: Reply, content: bytes | bytearray) -> dict[str, Any]:
        """The map of a reply; raises the error that it is, or that of what is no kremote server."""
        if reply.status >= 300:
            self._refuse(reply, content)
        if reply.status == 204 and not content:
            return {}
        value, content_type = None, reply.content_type
        if content_type in (MSGPACK, JSON):
            with suppress(MalformedRequest):
                value = decode(content, content_type)
        if not isinstance(value, dict):
            raise ConnectionFailed(
                f"expected a kremote server at {self.address.url}; "
                f"what answers there sends {content_type or 'no content type'}",
                hint="check host and port; `kremote serve` prints the URL to use",
            )
        return value

    def _refuse(self, reply: Reply, content: bytes | bytearray) -> NoReturn:
        error = _error_in(reply, content)
        if reply.status in _TRANSIENT_STATUSES:
            text = f"{self.address.url} is not ready: it answers {reply.status} {reply.reason}"
            raise TryAgain(error or ConnectionFailed(text), _retry_after(reply))
        if error is None:
            raise self._foreign(reply, content)
        error.hint = _HINTS.get(type(error), error.hint)
        raise error

    def _foreign(self, reply: Reply, content: bytes | bytearray) -> KremoteError:
        """The error for an answer that no kremote server gives."""
        url, status = self.address.url, reply.status
        location = reply.headers.get("location", "").partition("?")[0]
        if 300 <= status < 400 and location:
            return ConnectionFailed(f"{url} sends its callers on to {location}", hint=f"connect to {location} instead")
        if status == 400 and b"HTTPS port" in content:
            return ConnectionFailed(f"{url} was spoken to in plain http and wants https", hint=f"use {https(url)}")
        if status == 401:
            return Unauthorized(f"{url} refused the token, without saying why", hint="check the token and the URL")
        return ConnectionFailed(
            f"expected a kremote server at {url}; what answers there says {status} {reply.reason}",
            hint="check host and port; `kremote serve` prints the URL to use",
        )


def _sequence_header(sequence: str | None) -> dict[str, str]:
    return {} if sequence is None else {"kremote-sequence": sequence}


def _error_in(reply: Reply, content: bytes | bytearray) -> KremoteError | None:
    if reply.content_type not in (MSGPACK, JSON):
        return None
    try:
        wire = decode(content, reply.content_type)
    except KremoteError:
        return None
    error = wire.get("error") if isinstance(wire, Mapping) else None
    return error_from_wire(error) if isinstance(error, Mapping) and "code" in error else None


def _retry_after(reply: Reply) -> float | None:
    try:
        return min(max(float(reply.headers["retry-after"]), 0.0), _LONGEST_WAIT)
    except (KeyError, ValueError):  # absent, or a date
        return None


def _whole(reply: Reply, most: int = 1 << 30) -> bytes | bytearray:
    """The body of a reply, however it is compressed."""
    encoding = reply.headers.get("content-encoding", "identity").lower()
    if encoding not in ENCODINGS:
        return reply.read()
    try:
        return inflated(reply.read(), encoding, most)
    except KremoteError as error:
        raise ConnectionFailed(f"expected a whole reply; {error.message}") from None


def _array_of(reply: Reply) -> Array:
    dtype = reply.headers.get("kremote-dtype", "")
    shape = tuple(int(n) for n in reply.headers.get("kremote-shape", "").split(",") if n.strip())
    array: Array = np.empty(shape, wire_dtype(dtype))
    octets = array.reshape(-1).view(np.uint8).data
    if "content-encoding" in reply.headers:
        whole = _whole(reply, len(octets))
        got = len(whole)
        octets[:got] = whole
    else:
        got = reply.read_into(octets)
    if got != len(octets):
        raise ConnectionFailed(
            f"expected {len(octets)} bytes of a {dtype} array; got {'more' if got > len(octets) else got}"
        )
    return from_bfloat16_bits(array) if dtype == "bfloat16" and array.dtype == np.uint16 else array
